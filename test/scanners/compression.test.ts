// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BudgetHit, Spending } from '#scanners/budgets.ts';
import { type Compression, DECODERS } from '#scanners/compression/index.ts';
import { zipLzma } from '#scanners/compression/lzma.ts';
import { RandomBytes } from '#scanners/io/bytes.ts';
import { type Inflated, inflate } from '#scanners/io/inflate.ts';
import { judged, rulesOf } from './judged.ts';
import { callPickle, raw } from './pickle-bytes.ts';

/** Written once by the libraries' own writers (fixtures/compression/README.md says how). */
const VECTORS = JSON.parse(
  readFileSync(new URL('./fixtures/compression/vectors.json', import.meta.url), 'utf8'),
) as readonly { format: Compression; how: string; packed: string; doubts?: true }[];

const hostile = callPickle('os', 'system');
const clean = raw('\x80\x02}.');

/** What every vector holds. */
const TEXT = Buffer.from(`${'alpha beta gamma delta '.repeat(40)}${'-'.repeat(600)}end of the text\n`);

const unpacked = (bytes: Uint8Array, compression: Compression): Promise<Inflated> =>
  inflate(RandomBytes.ofMemory(bytes), compression, new Spending());
const contentOf = ({ bytes }: Inflated): Buffer => Buffer.from(bytes.random?.readAt(0, bytes.size) ?? raw());
const packedOf = (vector: { packed: string }): Buffer => Buffer.from(vector.packed, 'base64');

describe('a stream of', () => {
  test.each(VECTORS.map((vector) => [vector.format, vector.how, vector] as const))(
    '%s, %s, comes out as it went in',
    async (format, _how, vector) => {
      const source = packedOf(vector);
      const result = await unpacked(source, format);
      expect(contentOf(result).equals(vector.how.endsWith('empty') ? raw() : TEXT)).toBe(true);
      expect(result).toMatchObject({ consumed: source.length, doubts: vector.doubts ? [expect.any(String)] : [] });
      expect(result.broken).toBeUndefined();
    },
  );

  const oneOfEach = [...new Map(VECTORS.map((vector) => [vector.format, packedOf(vector)]))];

  test.each(oneOfEach)('%s is known from its content and passes', async (format, packed) => {
    const scan = await judged(packed, 'data');
    expect(scan).toMatchObject({ format, verdict: 'pass' });
  });

  test.each(oneOfEach)('%s says where it breaks off', async (format, packed) => {
    for (const cut of [1, 5, Math.floor(packed.length / 2)]) {
      const result = await unpacked(packed.subarray(0, -cut), format);
      expect(result.broken ?? result.doubts[0]).toBeDefined();
    }
  });

  test.each(oneOfEach)('%s ends where it ends, whatever follows', async (format, packed) => {
    const result = await unpacked(raw(packed, 'more'), format);
    expect(result.consumed).toBe(packed.length);
    expect(contentOf(result).equals(TEXT)).toBe(true);
    expect(await rulesOf(raw(packed, 'more'), 'data')).toContain('trailing-bytes');
    expect(await rulesOf(raw(packed, hostile), 'data')).toEqual(
      expect.arrayContaining(['trailing-payload', 'pickle-stdlib-import']),
    );
  });

  test.each(Object.keys(DECODERS) as Compression[])('%s may be any bytes', async (format) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        await calm(unpacked(bytes, format));
      }),
      { numRuns: 300 },
    );
  });

  test.each(oneOfEach)('%s may have any byte changed', async (format, packed) => {
    await fc.assert(
      fc.asyncProperty(fc.nat(packed.length - 1), fc.nat(255), async (at, byte) => {
        const changed = Buffer.from(packed);
        changed[at] = byte;
        await calm(unpacked(changed, format));
        expect(['pass', 'review', 'block', 'unscannable']).toContain((await judged(changed)).verdict);
      }),
      { numRuns: 200 },
    );
  });
});

/** A budget is all that may be thrown. */
async function calm(result: Promise<unknown>): Promise<void> {
  try {
    await result;
  } catch (error) {
    expect(error).toBeInstanceOf(BudgetHit);
  }
}

describe('a pickle in', () => {
  test.each([
    ['zlib of any level', deflateSync(hostile, { level: 1 })],
    ['stored zlib', deflateSync(hostile, { level: 0 })],
    ['zlib with a small window', deflateSync(hostile, { windowBits: 9 })],
    ['zlib with a wrong checksum', raw(deflateSync(hostile).subarray(0, -1), 1)],
    ['zlib that is cut off', deflateSync(hostile).subarray(0, -5)],
    ['gzip', gzipSync(hostile)],
    ['the second member of gzip', raw(gzipSync(clean), gzipSync(hostile))],
    ['gzip with something behind it', raw(gzipSync(hostile), 'garbage')],
    ['gzip with a wrong checksum', raw(gzipSync(hostile).subarray(0, -8), Buffer.alloc(8))],
    ['zstd', zstdCompressSync(hostile)],
    ["joblib's old format", raw('ZF', '0x25'.padEnd(19), deflateSync(hostile))],
  ])('%s is found', async (_what, bytes) => {
    const { verdict, findings } = await judged(bytes, 'model.joblib');
    expect(findings.map(({ rule }) => rule)).toEqual(expect.arrayContaining(['pickle-stdlib-import']));
    expect(verdict).toBe('block');
  });

  test("joblib's old format passes when it only holds data", async () => {
    const bytes = raw('ZF', `0x${clean.length.toString(16)}`.padEnd(19), deflateSync(clean));
    expect(await judged(bytes, 'model.pkl')).toMatchObject({ format: 'joblib-zfile', verdict: 'pass' });
  });
});

test.each([
  ['x^2 + y^2 = z^2\n', 'text'],
  ['hundreds of words\n', 'text'],
  ['BZh9 is how bzip2 begins\n', 'text'],
])('%j is no compressed stream', async (text, format) => {
  expect(await judged(text, 'notes.txt')).toMatchObject({ format, verdict: 'pass' });
});

test('LZMA in a zip may end by its size or by a marker', async () => {
  const vector = VECTORS.find(({ format, how }) => format === 'lzma' && how === 'text');
  const alone = packedOf(vector ?? { packed: '' });
  const inZip = raw(9, 4, 5, 0, alone.subarray(0, 5), alone.subarray(13));
  for (const size of [undefined, TEXT.length]) {
    const result = await inflate(RandomBytes.ofMemory(inZip), zipLzma(size), new Spending());
    expect(contentOf(result).equals(TEXT)).toBe(true);
    expect(result).toMatchObject({ consumed: inZip.length, doubts: [] });
  }
});

test('deflate64 reads what deflate writes', async () => {
  expect(
    contentOf(await unpacked(deflateRawSync(TEXT.subarray(0, 200)), 'deflate64')).equals(TEXT.subarray(0, 200)),
  ).toBe(true);
});

test('a dictionary of more than 64 MiB is a budget', async () => {
  const header = raw(0x5d, 0, 0, 0, 8, Buffer.alloc(8, 0xff), Buffer.alloc(6));
  expect((await judged(header, 'x')).verdict).toBe('unscannable');
});
