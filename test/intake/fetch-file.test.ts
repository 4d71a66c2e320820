// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gitOidOf, sha256Of } from '#src/domain/digest.ts';
import type { VerifiedFile } from '#src/domain/manifest.ts';
import { fetchFile, type Origin } from '#src/intake/fetch-file.ts';
import { LOWEST_SPEED } from '#src/intake/pace.ts';
import { addBig, addTiny } from '#test/fake-hub/repos.ts';
import { useTemp } from '#test/support/temp.ts';
import { clientOf, errorOf, fileOf, resolve, useHub } from '#test/upstream/client.ts';

const at = useHub();
const temp = useTemp();
const WEIGHTS = 'model.safetensors';
const FETCH_ONE = fileURLToPath(new URL('./children/fetch-one.ts', import.meta.url));
const MIB = 2 ** 20;
let folder: string;

beforeEach(async () => {
  folder = await temp('fetch');
});
afterEach(async () => {
  // No file but the one asked for, whatever happened.
  for (const name of await readdir(folder)) expect(name).toBe('part');
});

interface Fetched {
  readonly file: VerifiedFile;
  readonly bytes: Buffer;
  readonly progress: number[];
  /** Where the bytes of the first round came from, where they were wrong. */
  readonly wrongFrom: readonly Origin[];
}

async function fetchOne(
  id: string,
  path: string,
  {
    signal = new AbortController().signal,
    tries = 3,
    left = undefined as Buffer | undefined,
    lowestSpeed = LOWEST_SPEED,
  } = {},
): Promise<Fetched> {
  const upstream = clientOf(at.hub.url, { stallSeconds: 1 });
  const source = await resolve(upstream, id);
  const asked = await fileOf(upstream, source, path);
  const part = join(folder, 'part');
  if (left) await writeFile(part, left);
  const progress: number[] = [];
  let wrongFrom: readonly Origin[] = [];
  const file = await fetchFile(asked, part, {
    open: async (wanted, offset, stop) => ({
      ...(await upstream.open(source, wanted, offset, stop)),
      from: 'upstream',
    }),
    tries,
    lowestSpeed,
    signal,
    onBytes: (bytes) => progress.push(bytes),
    onMismatch: ({ code }, origins) => {
      expect(code).toBe('digest-mismatch');
      wrongFrom = origins;
    },
  });
  return { file, bytes: await readFile(part), progress, wrongFrom };
}

function content(id: string, path = WEIGHTS): Buffer {
  const { size, read } = at.hub.repo(id).file(path).content;
  return Buffer.concat([...read(0, size)]);
}

const rangesAtCdn = () => at.hub.stats.log.filter((row) => row.class === 'cdn').map(({ range }) => range);

describe('a file', () => {
  it('arrives with both digests computed from its bytes: from LFS, from git, and empty', async () => {
    addTiny(at.hub);
    for (const path of [WEIGHTS, 'config.json', 'empty.txt', 'sub/with space and ü.txt']) {
      const { file, bytes } = await fetchOne('acme/tiny', path);
      expect(bytes.equals(content('acme/tiny', path)), path).toBe(true);
      expect(file.sha256, path).toBe(sha256Of(bytes));
      if (!file.lfs) expect(file.gitOid, path).toBe(gitOidOf(bytes));
      await writeFile(join(folder, 'part'), '');
    }
    // An empty file needs no request for its bytes.
    expect(at.hub.stats.log.some((row) => row.path === 'empty.txt' && row.class === 'resolve')).toBe(false);
  });

  it('with a wrong byte once is fetched again from the first byte', async () => {
    addTiny(at.hub);
    for (const [path, kind] of [
      [WEIGHTS, 'cdn'],
      ['config.json', 'resolve-cache'],
    ] as const) {
      at.hub.faults.add({ fault: 'wrong-byte', class: kind, at: 7, times: 1 });
      const { bytes, file } = await fetchOne('acme/tiny', path);
      expect(file.sha256).toBe(sha256Of(content('acme/tiny', path)));
      expect(bytes.equals(content('acme/tiny', path))).toBe(true);
      expect(at.hub.stats.sent(`acme/tiny/${path}`)).toBe(2 * bytes.length);
      await writeFile(join(folder, 'part'), '');
    }
  });

  it('with a wrong byte always fails with both digests, and nothing of it is kept', async () => {
    const repo = addTiny(at.hub);
    at.hub.faults.add({ fault: 'wrong-byte', at: 7 });
    for (const path of [WEIGHTS, 'config.json']) {
      const error = await errorOf(fetchOne('acme/tiny', path));
      const right = content('acme/tiny', path);
      const wrong = Buffer.from(right).fill((right[7] ?? 0) ^ 0xff, 7, 8);
      expect(error.code).toBe('digest-mismatch');
      expect(error.security).toBe(true);
      const digest = repo.file(path).lfs ? sha256Of : gitOidOf;
      expect(error.subject).toEqual({ path, expected: digest(right), actual: digest(wrong) });
      expect(await readdir(folder)).toEqual([]);
    }
  });

  it('that is cut again and again goes on from where it was', async () => {
    addBig(at.hub, 4);
    for (const mib of [1, 2, 3]) at.hub.faults.add({ fault: 'cut', class: 'cdn', at: mib * MIB, times: 1 });
    const { bytes, file, progress } = await fetchOne('acme/big-4', WEIGHTS);
    expect(file.sha256).toBe(at.hub.repo('acme/big-4').file(WEIGHTS).content.sha256);
    expect(sha256Of(bytes)).toBe(file.sha256);
    expect(rangesAtCdn()).toEqual([undefined, 'bytes=1048576-', 'bytes=2097152-', 'bytes=3145728-']);
    expect(at.hub.stats.sent(`acme/big-4/${WEIGHTS}`)).toBe(4 * MIB);
    expect(progress.at(-1)).toBe(4 * MIB);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
  });

  it('that is cut at the same byte for ever is given up, and what came stays', async () => {
    addBig(at.hub, 1);
    at.hub.faults.add({ fault: 'cut', class: 'cdn', at: 1000 });
    const error = await errorOf(fetchOne('acme/big-1', WEIGHTS));
    expect(error.code).toBe('upstream-unavailable');
    expect(await readFile(join(folder, 'part'))).toEqual(content('acme/big-1').subarray(0, 1000));
    at.hub.faults.clear();
    at.hub.stats.reset();
    await fetchOne('acme/big-1', WEIGHTS);
    expect(at.hub.stats.sent(`acme/big-1/${WEIGHTS}`)).toBe(MIB - 1000);
  });

  it('that stalls is cut by us, and goes on', async () => {
    addBig(at.hub, 1);
    at.hub.faults.add({ fault: 'stall', class: 'cdn', at: 500_000, times: 1 });
    const { file } = await fetchOne('acme/big-1', WEIGHTS);
    expect(file.sha256).toBe(sha256Of(content('acme/big-1')));
    expect(at.hub.stats.sent(`acme/big-1/${WEIGHTS}`)).toBe(MIB);
  });

  it('that ends early with a Content-Length to match is asked for the rest', async () => {
    addBig(at.hub, 1);
    at.hub.faults.add({ fault: 'truncate', class: 'cdn', at: 1234, times: 1 });
    const { file } = await fetchOne('acme/big-1', WEIGHTS);
    expect(file.sha256).toBe(sha256Of(content('acme/big-1')));
    expect(rangesAtCdn()).toEqual([undefined, 'bytes=1234-']);
  });

  it('stopped half-way leaves its bytes for the next time', async () => {
    addBig(at.hub, 4);
    at.hub.faults.add({ fault: 'stall', class: 'cdn', at: 2 * MIB });
    const stop = new AbortController();
    const running = errorOf(fetchOne('acme/big-4', WEIGHTS, { signal: stop.signal }));
    while (at.hub.stats.sent('acme/big-4') < 2 * MIB) await new Promise((done) => setTimeout(done, 5));
    await new Promise((done) => setTimeout(done, 200));
    stop.abort();
    await running;
    const left = await readFile(join(folder, 'part'));
    expect(left.length).toBeGreaterThan(0);
    expect(left.equals(content('acme/big-4').subarray(0, left.length))).toBe(true);
    at.hub.faults.clear();
    at.hub.stats.reset();
    const { file } = await fetchOne('acme/big-4', WEIGHTS);
    expect(file.sha256).toBe(at.hub.repo('acme/big-4').file(WEIGHTS).content.sha256);
    expect(at.hub.stats.sent('acme/big-4')).toBe(4 * MIB - left.length);
  });
});

describe('a drip', () => {
  const lowestSpeed = { bytesPerSecond: 200_000, overSeconds: 0.5 };

  it('is cut and resumed, and given up when it stays one; what came stays', async () => {
    addBig(at.hub, 1);
    at.hub.faults.add({ fault: 'bandwidth', class: 'cdn', bytesPerSecond: 20_000, times: 1 });
    const { file } = await fetchOne('acme/big-1', WEIGHTS, { lowestSpeed });
    expect(file.sha256).toBe(sha256Of(content('acme/big-1')));
    expect(rangesAtCdn()).toHaveLength(2);

    await writeFile(join(folder, 'part'), '');
    at.hub.stats.reset();
    at.hub.faults.add({ fault: 'bandwidth', class: 'cdn', bytesPerSecond: 20_000 });
    const error = await errorOf(fetchOne('acme/big-1', WEIGHTS, { lowestSpeed, tries: 2 }));
    expect(error.code).toBe('upstream-timeout');
    const left = await readFile(join(folder, 'part'));
    expect(left.length).toBeGreaterThan(0);
    expect(left.equals(content('acme/big-1').subarray(0, left.length))).toBe(true);
  });

  it('of one byte for each connection is one as well', async () => {
    addTiny(at.hub);
    const source = await resolve(clientOf(at.hub.url), 'acme/tiny');
    const asked = await fileOf(clientOf(at.hub.url), source, WEIGHTS);
    const bytes = content('acme/tiny');
    const began = performance.now();
    const fetched = fetchFile(asked, join(folder, 'part'), {
      open: async (_file, start) => ({
        start,
        body: Readable.from([bytes.subarray(start, start + 1)]),
        from: 'upstream',
      }),
      tries: 3,
      lowestSpeed,
      signal: new AbortController().signal,
      onBytes: () => {},
      onMismatch: () => {},
    });
    expect((await errorOf(fetched)).code).toBe('upstream-unavailable');
    expect(performance.now() - began).toBeLessThan(5000);
    expect((await readFile(join(folder, 'part'))).length).toBeGreaterThan(1);
  });
});

it('a disk that refuses fails at once, and the connection is closed', async () => {
  addTiny(at.hub);
  const source = await resolve(clientOf(at.hub.url), 'acme/tiny');
  const asked = await fileOf(clientOf(at.hub.url), source, WEIGHTS);
  // A device can not be cut to nothing, which is what an answer that starts elsewhere asks for.
  await symlink('/dev/full', join(folder, 'part'));
  const bodies: Readable[] = [];
  const fetched = fetchFile(asked, join(folder, 'part'), {
    open: async () => {
      const body = new Readable({ read() {} });
      bodies.push(body);
      return { start: 5, body, from: 'upstream' };
    },
    tries: 3,
    signal: new AbortController().signal,
    onBytes: () => {},
    onMismatch: () => {},
  });
  expect((await errorOf(fetched)).code).toBe('store-unavailable');
  expect(bodies.map(({ destroyed }) => destroyed)).toEqual([true]);
});

describe('what an earlier run left', () => {
  const cases: [string, (right: Buffer) => Buffer, number, Origin[]][] = [
    ['half of it', (right) => right.subarray(0, MIB / 2), MIB / 2, []],
    ['all of it', (right) => right, 0, []],
    ['nothing of it', () => Buffer.alloc(0), MIB, []],
    [
      'half of it with a wrong byte',
      (right) => flipped(right.subarray(0, MIB / 2)),
      MIB / 2 + MIB,
      ['quarantine', 'upstream'],
    ],
    ['all of it with a wrong byte', flipped, MIB, ['quarantine']],
    ['more than there is', (right) => Buffer.concat([right, right]), MIB, []],
  ];
  it.each(cases)('is continued or replaced: %s', async (_name, made, pulled, origins) => {
    addBig(at.hub, 1);
    const right = content('acme/big-1');
    const { bytes, file, wrongFrom } = await fetchOne('acme/big-1', WEIGHTS, { left: made(right) });
    expect(bytes.equals(right)).toBe(true);
    expect(wrongFrom).toEqual(origins);
    expect(file.sha256).toBe(sha256Of(right));
    expect(at.hub.stats.sent(`acme/big-1/${WEIGHTS}`)).toBe(pulled);
  });
});

it('memory does not grow with the file', async () => {
  addBig(at.hub, 192);
  const args = [FETCH_ONE, at.hub.url, 'acme/big-192', WEIGHTS, join(folder, 'part')];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 100_000 });
  const { sha256, before, peak } = JSON.parse(stdout) as { sha256: string; before: number; peak: number };
  expect(sha256).toBe(at.hub.repo('acme/big-192').file(WEIGHTS).content.sha256);
  expect(peak - before).toBeLessThan(96 * MIB);
});

function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(100) ^ 1, 100);
  return copy;
}
