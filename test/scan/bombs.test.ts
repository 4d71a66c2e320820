// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sha256Of } from '#src/domain/digest.ts';
import { parseRepoPath } from '#src/domain/path.ts';
import { createScanner, type ScanTarget } from '#src/scan/scanner.ts';
import { callPickle, raw, u32, u64 } from '#test/scanners/pickle-bytes.ts';
import { zipOf } from '#test/scanners/zip-bytes.ts';

const MIB = 1024 * 1024;
const zeros = Buffer.alloc(32 * MIB);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airlock-bombs-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function target(path: string, bytes: Buffer): Promise<ScanTarget> {
  const file = join(folder, path);
  await writeFile(file, bytes);
  return { path: parseRepoPath(path), sha256: sha256Of(bytes), size: bytes.length, file };
}

function archives(depth: number): Buffer {
  let archive = zipOf([{ name: 'a.txt', data: raw('x\n') }]);
  for (let i = 0; i < depth; i++) archive = zipOf([{ name: 'inner.zip', data: archive }]);
  return archive;
}

const laughs = Array.from({ length: 30 }, (_, i) => `<!ENTITY a${i + 1} "${`&a${i};`.repeat(10)}">`).join('');
const merged = Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}*a${i}]\n`).join('');

/** With the real worker and its real limits: what is told, or at least that it is not passed. */
const BOMBS: readonly (readonly [what: string, path: string, bytes: Buffer, verdicts: string, told: RegExp])[] = [
  [
    '32 MiB in a small zip',
    'a.zip',
    zipOf([{ name: 'a', data: zeros, deflate: true }]),
    'unscannable',
    /ratio is limited to 200, and \d+/,
  ],
  ['32 MiB in a small gzip', 'b.gz', gzipSync(zeros), 'unscannable', /ratio is limited to 200, and \d+/],
  ['32 MiB in a small zstd', 'c.zst', zstdCompressSync(zeros), 'unscannable', /ratio is limited to 200, and \d+/],
  ['archives in archives', 'd.zip', archives(12), 'unscannable', /depth is limited to 6, and 7/],
  ['brackets in brackets', 'e.json', raw('['.repeat(MIB)), 'unscannable', /jsonDepth is limited to 512/],
  [
    'tuples in tuples of a pickle',
    'f.pkl',
    raw('\x80\x02', 'N', '\x85'.repeat(MIB), '.'),
    'pass|review|unscannable',
    /^/,
  ],
  [
    'marks of a pickle',
    'g.pkl',
    raw('\x80\x02', '('.repeat(6 * MIB), '.'),
    'unscannable',
    /stack is limited to 5000000/,
  ],
  [
    'a thousand million laughs',
    'h.xml',
    raw(`<!DOCTYPE a [<!ENTITY a0 "ha">${laughs}]><a>&a30;</a>`),
    'review|block',
    /^/,
  ],
  ['aliases of aliases', 'i.yaml', raw(`a0: &a0 [x]\n${merged}`), 'review|block', /^/],
  ['elements in elements', 'j.xml', raw('<a>'.repeat(200_000)), 'unscannable|review', /^/],
  ['templates in templates', 'k.jinja', raw('{{ '.concat('('.repeat(100_000))), 'review|block|unscannable', /^/],
  [
    'a GGUF of countless tensors',
    'l.gguf',
    raw('GGUF', u32(3), u64(1n << 62n), u64(1n << 62n)),
    'review|block|unscannable',
    /^/,
  ],
];

test.each(BOMBS)(
  '%s: told soon, and the files beside it are judged',
  { timeout: 120_000 },
  async (_what, path, bytes, verdicts, told) => {
    const bad = await target(path, bytes);
    const evil = await target('evil.pkl', callPickle('os', 'system'));
    const begin = performance.now();
    const { files } = await createScanner().scan([await target('a.txt', raw('x\n')), bad, evil]);
    // Far from the limit of a file: nothing had to be killed.
    expect(performance.now() - begin).toBeLessThan(60_000);
    const scan = files.get(bad.path);
    expect(scan?.verdict).toMatch(new RegExp(`^(?:${verdicts})$`));
    expect(scan?.findings.map(({ message }) => message).join('\n')).toMatch(told);
    expect(files.get(evil.path)?.verdict).toBe('block');
  },
);
