// SPDX-License-Identifier: Apache-2.0
// What happens to a scanner process that the file it reads did not do: it must not count against the file.
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { sha256Of } from '#src/domain/digest.ts';
import { parseRepoPath } from '#src/domain/path.ts';
import { extractInChild } from '#src/scan/extraction.ts';
import { DEFAULT_LIMITS } from '#src/scan/limits.ts';
import { createScanner, type ScanTarget } from '#src/scan/scanner.ts';
import { watchMemory } from '#src/scan/watchdog.ts';

const worker = new URL('./sandboxed/misbehaving.ts', import.meta.url);
const limits = { retryMilliseconds: 10 };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airlock-outside-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function target(path: string, content: string): Promise<ScanTarget> {
  const file = join(folder, path);
  await writeFile(file, content);
  return { path: parseRepoPath(path), sha256: sha256Of(content), size: 4, file };
}

/** The scanner processes that this process has started and that run now. */
async function children(): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const [status, command] = await Promise.all(
      ['status', 'cmdline'].map((file) => readFile(`/proc/${name}/${file}`, 'latin1').catch(() => '')),
    );
    const ours = status?.includes(`\nPPid:\t${process.pid}\n`) && command?.includes('misbehaving.ts');
    if (ours) found.push(Number(name));
  }
  return found;
}

async function firstChild(): Promise<number> {
  for (;;) {
    const [pid] = await children();
    if (pid !== undefined) return pid;
    await pause(10);
  }
}

describe.runIf(process.platform === 'linux')('a scanner process that is killed from outside', () => {
  test('is started once more, and the file is judged by what that one reads', async () => {
    const scanner = createScanner({ worker, limits });
    const hang = await target('b', 'hang');
    const scan = scanner.scan([await target('a', 'good'), hang, await target('c', 'good')]);
    const pid = await firstChild();
    // The running child has the old file open, for ever; the next one opens another.
    await writeFile(join(folder, 'other'), 'good');
    await rename(join(folder, 'other'), hang.file);
    process.kill(pid, 'SIGKILL');
    expect([...(await scan).files.values()].map(({ verdict }) => verdict)).toEqual(['pass', 'pass', 'pass']);
  });

  test('twice fails the scan, and leaves no verdict that would deny the file', async () => {
    const put = vi.fn(async () => {});
    const scanner = createScanner({ worker, limits, cache: { get: async () => undefined, put } });
    const onScanned = vi.fn();
    let running = true;
    const scan = scanner.scan([await target('b', 'hang')], { onScanned }).finally(() => {
      running = false;
    });
    const killed = new Set<number>();
    const killing = (async () => {
      while (running) {
        for (const pid of await children()) if (killed.size < killed.add(pid).size) process.kill(pid, 'SIGKILL');
        await pause(10);
      }
    })();
    await expect(scan).rejects.toMatchObject({
      code: 'scan-failed',
      message: '"b" could not be scanned: the scanner process was ended from outside with SIGKILL.',
      subject: { path: 'b' },
    });
    await killing;
    expect(killed.size).toBe(2);
    expect(onScanned).not.toHaveBeenCalled();
    expect(put).not.toHaveBeenCalled();
  });
});

test('a scanner process that can not be started fails the scan', async () => {
  const node = process.execPath;
  process.execPath = join(folder, 'no-such-node');
  try {
    await expect(createScanner({ worker, limits }).scan([await target('a', 'good')])).rejects.toMatchObject({
      code: 'scan-failed',
      message: expect.stringContaining('the scanner process could not be started: spawn'),
    });
  } finally {
    process.execPath = node;
  }
});

test('an abort before the second try ends the scan with its reason', async () => {
  const node = process.execPath;
  process.execPath = join(folder, 'no-such-node');
  try {
    const enough = new AbortController();
    const scanner = createScanner({ worker, limits: { retryMilliseconds: 3_600_000 } });
    const scan = scanner.scan([await target('a', 'good')], { signal: enough.signal });
    setTimeout(() => enough.abort(new Error('enough')), 300);
    await expect(scan).rejects.toThrow('enough');
  } finally {
    process.execPath = node;
  }
});

describe('memory that can not be read', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test('fails the scan: a limit that nobody watches is none', async () => {
    const { platform } = process;
    Object.defineProperty(process, 'platform', { value: 'darwin' });
    vi.stubEnv('PATH', join(folder, 'nothing-here'));
    try {
      await expect(createScanner({ worker, limits }).scan([await target('a', 'hang')])).rejects.toMatchObject({
        code: 'scan-failed',
        message: expect.stringContaining("the scanner process's memory can not be read"),
      });
    } finally {
      Object.defineProperty(process, 'platform', { value: platform });
    }
  });

  test('is told apart from memory that can be', async () => {
    const alarm = (pid: number, limit: number) =>
      new Promise((resolve) =>
        watchMemory(pid, limit, 1, { exceeded: (actual) => resolve(actual > limit), blind: () => resolve('blind') }),
      );
    expect(await alarm(process.pid, 1024 * 1024)).toBe(true);
    expect(await alarm(2 ** 30, 1024 * 1024)).toBe('blind');
  });
});

test('an abort while the files are opened is not missed', async () => {
  const enough = new AbortController();
  const { file, size } = await target('a', 'hang');
  const extraction = extractInChild([{ file, size }], DEFAULT_LIMITS, () => {}, enough.signal, worker);
  // The call above has looked at the signal once, and waits for the file.
  enough.abort(new Error('enough'));
  await expect(extraction).rejects.toThrow('enough');
}, 20_000);
