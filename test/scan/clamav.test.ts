// SPDX-License-Identifier: Apache-2.0
import { rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { clamdVersion, scanWithClamd } from '#scanners/adapters/clamav.ts';
import { configSchema } from '#src/config/schema.ts';
import { sha256Of } from '#src/domain/digest.ts';
import { parseRepoPath } from '#src/domain/path.ts';
import { clamavScanner } from '#src/scan/malware.ts';
import { ANY_AGE } from '#src/scan/malware-answers.ts';
import { createScanner, type ScanTarget } from '#src/scan/scanner.ts';
import type { FactCache } from '#src/scan/sealed-facts.ts';
import { type Clamd, clamdInstalled, startClamd } from '#test/support/clamd.ts';
import { useTemp } from '#test/support/temp.ts';

/** The antivirus test string, in two parts: no file of this checkout holds it. */
const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join('');
const NOBODY = { socket: '/nonexistent/clamd.sock' };
const temp = useTemp();

let folder: string;
let files = 0;
beforeAll(async () => {
  folder = await temp('clamav');
});

async function target(path: string, content: Uint8Array | string): Promise<ScanTarget> {
  const bytes = Buffer.from(content);
  const file = join(folder, `file-${files++}`);
  await writeFile(file, bytes);
  return { path: parseRepoPath(path), sha256: sha256Of(bytes), size: bytes.length, file };
}

// `.ci/run` installs it; elsewhere these tests need Debian's clamav-daemon.
describe.skipIf(!clamdInstalled() && process.env.CI === undefined)(
  'the real clamd, with one signature of our own',
  () => {
    let clamd: Clamd;
    const settings = () => ({ address: { socket: clamd.socket }, patienceMilliseconds: 60_000, maxBytes: 500_000 });

    beforeAll(async () => {
      clamd = await startClamd(folder, { 'Airlock.Test': EICAR });
    });
    afterAll(() => clamd?.kill());

    test('tells a known signature from clean bytes, also behind a megabyte', async () => {
      const long = await target('x', Buffer.concat([Buffer.alloc(900_000, 'a '), Buffer.from(EICAR)]));
      expect(await scanWithClamd(long.file, settings())).toMatchObject({
        type: 'found',
        signature: expect.stringMatching(/^Airlock\.Test/),
      });
      expect(await scanWithClamd((await target('y', 'hello')).file, settings())).toEqual({ type: 'clean' });
      expect(await scanWithClamd((await target('z', '')).file, settings())).toEqual({ type: 'clean' });
      expect(await scanWithClamd((await target('w', Buffer.alloc(3_000_000))).file, settings())).toEqual({
        type: 'tooLarge',
      });
      expect(await clamdVersion(settings())).toMatch(/^ClamAV \d/);
    });

    test('blocks a file with a known signature, and says of one that is too large that it was not looked at', async () => {
      const scanner = createScanner({ malware: clamavScanner(settings()) });
      const { files: scans } = await scanner.scan([
        await target('model.npy', Buffer.concat([Buffer.alloc(100, 1), Buffer.from(EICAR)])),
        await target('README.md', '# A model\n'),
        await target('notes.txt', 'text\n'.repeat(150_000)),
      ]);
      const said = [...scans].map(([path, scan]) => [path, scan.verdict, scan.findings.map(({ rule }) => rule)]);
      expect(said).toEqual(
        expect.arrayContaining([
          ['model.npy', 'block', expect.arrayContaining(['malware-signature'])],
          ['README.md', 'pass', []],
          ['notes.txt', 'pass', ['malware-unscanned']],
        ]),
      );
    });

    test('a file that clamd would not take is no clean file', async () => {
      const scanner = createScanner({ malware: clamavScanner({ ...settings(), maxBytes: 10_000_000 }) });
      await expect(scanner.scan([await target('big.txt', 'text\n'.repeat(400_000))])).rejects.toMatchObject({
        code: 'scan-failed',
        message: expect.stringContaining('StreamMaxLength'),
      });
    });

    test('is asked about each content once', async () => {
      const entries = new Map<string, string>();
      const cache: FactCache = {
        get: async (sha256, version) => entries.get(`${sha256} ${version}`),
        put: async (sha256, version, body) => void entries.set(`${sha256} ${version}`, body),
      };
      const cacheKey = Buffer.alloc(32, 3);
      const evil = await target('evil.txt', EICAR);
      await createScanner({ cache, cacheKey, malware: clamavScanner(settings()) }).scan([evil]);
      const away = createScanner({ cache, cacheKey, malware: clamavScanner({ ...settings(), address: NOBODY }) });
      const { files: again } = await away.scan([evil], { malwareAge: ANY_AGE });
      expect(again.get(evil.path)?.findings.map(({ rule }) => rule)).toContain('malware-signature');
      // Bytes that come in are seen with the signatures of their day, and nobody can say which these are.
      await expect(away.scan([evil])).rejects.toMatchObject({ code: 'scan-failed' });
    });
  },
);

describe('a clamd that is away or strange', () => {
  let server: Server | undefined;
  afterEach(() => void server?.close());

  /** Answers each connection as told, once something has arrived. */
  async function strange(answer: (socket: Socket) => void): Promise<string> {
    const path = join(folder, `strange-${files++}.sock`);
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => answer(socket));
    });
    await new Promise<void>((resolve) => void server?.listen(path, resolve));
    return path;
  }

  test.each<[string, (socket: Socket) => void, RegExp]>([
    ['closes', (socket) => socket.destroy(), /closed the connection|reset|EPIPE/],
    ['says nothing', () => undefined, /was silent/],
    ['says something else', (socket) => socket.end('stream: MAYBE\0'), /no verdict/],
    ['says OK of another command', (socket) => socket.end('OK\0'), /no verdict/],
    ['reports an error', (socket) => socket.end('Command read timed out. ERROR\0'), /no verdict/],
    ['never ends its answer', (socket) => socket.write('x'.repeat(100_000)), /more than a verdict/],
    ['ends without its NUL', (socket) => socket.end('stream: OK'), /without an answer/],
  ])('that %s fails the scan: nothing passes unseen', async (_what, answer, message) => {
    const socket = await strange(answer);
    const malware = clamavScanner({ address: { socket }, patienceMilliseconds: 500, maxBytes: 10_000_000 });
    const scan = createScanner({ malware }).scan([await target('a.txt', 'text\n'.repeat(100_000))]);
    await expect(scan).rejects.toMatchObject({ code: 'scan-failed', message: expect.stringMatching(message) });
  });

  test('that is not there fails the scan', async () => {
    const address = { socket: join(folder, 'nobody.sock') };
    const malware = clamavScanner({ address, patienceMilliseconds: 1000, maxBytes: 1000 });
    const scan = createScanner({ malware }).scan([await target('a.txt', 'text\n')]);
    await expect(scan).rejects.toMatchObject({ code: 'scan-failed', message: expect.stringContaining('ENOENT') });
  });

  test('can be left while it is silent', async () => {
    const socket = await strange(() => undefined);
    const enough = new AbortController();
    const scan = scanWithClamd(
      (await target('a', 'x')).file,
      { address: { socket }, patienceMilliseconds: 60_000 },
      enough.signal,
    );
    enough.abort(new Error('enough'));
    await expect(scan).rejects.toThrow('enough');
  });
});

describe('a file that clamd did not read', () => {
  test('to its end is not called clean, where clamd says so', async () => {
    const path = join(folder, 'limits.sock');
    const limit = 'Heuristics.Limits.Exceeded.MaxFileSize';
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (command) =>
        socket.end(command.toString().startsWith('zVERSION') ? 'ClamAV 1.4.3/27500/x\0' : `stream: ${limit} FOUND\0`),
      );
    });
    await new Promise<void>((resolve) => void server.listen(path, resolve));
    const settings = { address: { socket: path }, patienceMilliseconds: 5000, maxBytes: 1000 };
    const verdicts = async (unscanned: 'info' | 'review') => {
      const malware = clamavScanner({ ...settings, unscanned });
      const { files: scans } = await createScanner({ malware }).scan([
        await target('a.txt', 'text\n'),
        await target('b.txt', 'text\n'.repeat(1000)),
      ]);
      return [...scans.values()].map(({ verdict, findings }) => [verdict, ...findings.map(({ rule }) => rule)]);
    };
    expect(await verdicts('info')).toEqual([
      ['pass', 'malware-unscanned'],
      ['pass', 'malware-unscanned'],
    ]);
    expect(await verdicts('review')).toEqual([
      ['review', 'malware-unscanned'],
      ['review', 'malware-unscanned'],
    ]);
    server.close();
  });
});

test.each([
  ['/run/clamav/clamd.ctl', { socket: '/run/clamav/clamd.ctl' }],
  ['127.0.0.1:3310', { host: '127.0.0.1', port: 3310 }],
])('the address %s is taken from the configuration', (address, parsed) => {
  expect(configSchema.parse({ scan: { clamav: { address } } }).scan.clamav).toMatchObject({ address: parsed });
});

test.each(['clamd.ctl', 'localhost', '127.0.0.1:0', ''])('the address %j is refused', (address) => {
  expect(configSchema.safeParse({ scan: { clamav: { address } } }).success).toBe(false);
});

afterAll(() => rm(folder, { recursive: true, force: true }));
