// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { access, constants, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { FolderLock } from '#src/store/folder-lock.ts';
import { testCache } from './cache.ts';

/** The last release of MinIO that the Go module proxy has. AGPL-3.0: a test tool, never shipped. */
const MODULE = 'github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c';
const BUILD_MS = 60 * 60_000;
const START_MS = 60_000;

export interface Minio {
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  stop(): Promise<void>;
}

/**
 * The server's binary: from `$AIRLOCK_TEST_CACHE/bin` (default `~/.cache/hub-airlock/bin`), or else built there with
 * Go, once. Undefined when neither is possible; with `CI=true` that is an error, so that the S3 suites cannot be
 * skipped there unnoticed.
 */
export async function prepareMinioBinary(): Promise<string | undefined> {
  const bin = join(testCache(), 'bin');
  const binary = join(bin, 'minio');
  if (await isExecutable(binary)) return binary;
  if (await hasGo()) {
    await mkdir(bin, { recursive: true });
    // Two test runs on one machine build it once; a run that is killed frees the lock.
    await new FolderLock(join(bin, 'minio.lock'), { waitMs: BUILD_MS }).run(() => build(bin, binary));
    return binary;
  }
  if (process.env.CI === 'true') throw new Error(`No MinIO at ${binary} and no Go to build it: S3 would go untested.`);
  return undefined;
}

/** A server of its own on a free port with an empty folder; undefined as {@link prepareMinioBinary} says. */
export async function startMinio(): Promise<Minio | undefined> {
  const binary = await prepareMinioBinary();
  if (!binary) return undefined;
  const data = await mkdtemp(join(tmpdir(), 'airlock-minio-'));
  const accessKey = 'airlock-test';
  const secretKey = randomBytes(20).toString('hex');
  const port = await freePort();
  const child = spawn(binary, ['server', '--quiet', '--address', `127.0.0.1:${port}`, data], {
    env: {
      PATH: process.env.PATH,
      HOME: data,
      MINIO_ROOT_USER: accessKey,
      MINIO_ROOT_PASSWORD: secretKey,
      MINIO_BROWSER: 'off',
      MINIO_UPDATE: 'off',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stop = async (): Promise<void> => {
    await end(child);
    await rm(data, { recursive: true, force: true });
  };
  const endpoint = `http://127.0.0.1:${port}`;
  try {
    await ready(child, endpoint);
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoint, accessKey, secretKey, stop };
}

async function build(bin: string, binary: string): Promise<void> {
  if (await isExecutable(binary)) return;
  const folder = await mkdtemp(join(bin, 'build-'));
  try {
    const env = { ...process.env, GOBIN: folder, CGO_ENABLED: '0' };
    await promisify(execFile)('go', ['install', MODULE], { env, timeout: BUILD_MS, maxBuffer: 64 * 1024 * 1024 });
    // Renamed whole: a build that was interrupted must not pass for a server.
    await rename(join(folder, 'minio'), binary);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function hasGo(): Promise<boolean> {
  return promisify(execFile)('go', ['version']).then(
    () => true,
    () => false,
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function ready(child: ChildProcess, endpoint: string): Promise<void> {
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk).slice(-4000);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const deadline = performance.now() + START_MS;
  while (performance.now() < deadline) {
    if (hasEnded(child)) throw new Error(`MinIO ended with ${child.exitCode ?? child.signalCode}: ${output}`);
    const answer = await fetch(`${endpoint}/minio/health/ready`).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok) return;
    await wait(50);
  }
  throw new Error(`MinIO was not ready after ${START_MS / 1000} s: ${output}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const patience = setTimeout(() => child.kill('SIGKILL'), 5000);
  await ended;
  clearTimeout(patience);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
