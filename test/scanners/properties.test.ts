// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { judged } from './judged.ts';
import { callPickle, raw } from './pickle-bytes.ts';
import { SEEDS } from './seeds.ts';

const VERDICTS = ['pass', 'review', 'block', 'unscannable'];

const mutation = fc.record({
  at: fc.nat(4096),
  byte: fc.nat(255),
  kind: fc.constantFrom('set', 'insert', 'delete', 'cut', 'repeat'),
});

function mutated(seed: Buffer, mutations: readonly { at: number; byte: number; kind: string }[]): Buffer {
  let bytes = seed;
  for (const { at: place, byte, kind } of mutations) {
    const at = place % (bytes.length + 1);
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
    if (kind === 'set') bytes = raw(before, byte, after.subarray(1));
    else if (kind === 'insert') bytes = raw(before, byte, after);
    else if (kind === 'delete') bytes = raw(before, after.subarray(1 + (byte % 8)));
    else if (kind === 'cut') bytes = Buffer.from(before);
    else bytes = raw(before, after, after);
  }
  return bytes.subarray(0, 100_000);
}

test('random bytes always get a verdict', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.string(), async (bytes, path) => {
      expect(VERDICTS).toContain((await judged(bytes, path)).verdict);
    }),
    { numRuns: 1500 },
  );
});

test('random opcodes always get a verdict', async () => {
  // Opcodes rather than bytes, so that something happens on the stack before the pickle breaks.
  const opcodes = fc.constantFrom(
    ...'(.0N12pqghIKJMSVUX)]}aestdlbRcioQ'.split(''),
    '\x80\x04',
    '\x85',
    '\x86',
    '\x93',
    '\x94',
    '\x81',
    '\x92',
    '\x90',
    '\x91',
    '\x8f',
    '1\n',
    'os\n',
    '\x02',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(opcodes, { maxLength: 60 }), async (ops) => {
      expect(VERDICTS).toContain((await judged(raw('\x80\x04', ...ops))).verdict);
    }),
    { numRuns: 1500 },
  );
});

test.each(SEEDS)('a mutated %s always gets a verdict', async (_name, seed) => {
  await fc.assert(
    fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 4 }), async (mutations) => {
      expect(VERDICTS).toContain((await judged(mutated(seed, mutations), 'model.bin')).verdict);
    }),
    { numRuns: 300 },
  );
});

test('whatever follows a hostile call, the pickle does not pass', async () => {
  const start = callPickle('os', 'system').subarray(0, -1);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async (tail) => {
      expect((await judged(raw(start, tail))).verdict).toBe('block');
    }),
    { numRuns: 500 },
  );
});
