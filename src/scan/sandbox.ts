// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ScanLimits } from './limits.ts';

/** Takes away what the permission model leaves: signals to other processes, their priority, credentials. */
const DISARM = fileURLToPath(new URL('../../scanners/disarm.ts', import.meta.url));

/**
 * Start a script as a process that can do nothing but compute: Node's permission model denies it the network, other
 * processes, threads, addons, WASI, the inspector, and every file but the sources beside it; `scanners/disarm.ts` takes
 * signals, priorities and credentials. It inherits no environment
 * and no descriptor but standard output and error and the `descriptors`, which become 3, 4, ... and are to be open for
 * reading only.
 *
 * `node:sqlite` is switched off because in Node 26.10 it opens, creates and writes files past the permission model.
 */
export function startSandboxed(
  script: URL,
  argument: string,
  descriptors: readonly number[],
  limits: Pick<ScanLimits, 'memoryBytes'>,
): ChildProcess {
  const path = fileURLToPath(script);
  const heapMiB = Math.max(64, Math.floor(limits.memoryBytes / 1024 / 1024));
  const flags = [
    '--permission',
    `--allow-fs-read=${dirname(path)}/`,
    `--allow-fs-read=${DISARM}`,
    `--import=${DISARM}`,
    '--no-addons',
    '--no-experimental-sqlite',
    '--no-experimental-websocket',
    '--no-experimental-webstorage',
    '--disallow-code-generation-from-strings',
    '--disable-proto=throw',
    '--no-warnings',
    `--max-old-space-size=${heapMiB}`,
  ];
  return spawn(process.execPath, [...flags, path, argument], {
    stdio: ['ignore', 'pipe', 'pipe', ...descriptors],
    env: {},
    cwd: dirname(path),
    windowsHide: true,
  });
}
