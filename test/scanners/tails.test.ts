// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { judged } from './judged.ts';
import { packed } from './msgpack-bytes.ts';
import { callPickle, proto, raw, STOP, text, u64 } from './pickle-bytes.ts';

const HOSTILE = callPickle('os', 'system');
const OLD = raw("cos\nsystem\n(S'echo benign-test'\ntR.");
const HARMLESS = raw(proto(2), text('a'), STOP);
const HEADER = Buffer.from('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}  ');
const WEIGHTS = raw(u64(HEADER.length), HEADER, Buffer.alloc(4));
const TAR = Buffer.alloc(1024);

const FILES: readonly (readonly [name: string, bytes: Buffer])[] = [
  ['model.pkl', HARMLESS],
  ['model.safetensors', WEIGHTS],
  ['flax_model.msgpack', packed({ a: 1 })],
  ['a.unknown', raw('\x01\x02\xfe\xff\x00\x07', Buffer.alloc(64, 0x9d))],
];
const PADDINGS: readonly (readonly [what: string, bytes: Buffer])[] = [
  ['zeros', Buffer.alloc(100)],
  ['line ends', Buffer.alloc(7, 0x0a)],
  ['words', Buffer.from('PADDING!'.repeat(40))],
  ['bytes that are no opcodes', Buffer.alloc(9000, 0xff)],
];

describe('a pickle behind the end of a file', () => {
  describe.each(FILES)('in %s', (name, bytes) => {
    test.each(PADDINGS)('is found behind %s', async (_, padding) => {
      expect((await judged(raw(bytes, padding, HOSTILE), name)).verdict).toBe('block');
    });

    test.each(PADDINGS)('is not seen in other bytes, behind %s', async (_, padding) => {
      const { findings } = await judged(raw(bytes, padding, Buffer.from('R is the end of cos')), name);
      expect(findings.map(({ rule }) => rule)).not.toContain('trailing-payload');
    });
  });

  test('is found without a mark of its protocol', async () => {
    expect((await judged(raw(HARMLESS, Buffer.alloc(9), OLD), 'model.pkl')).verdict).toBe('block');
    expect((await judged(raw(WEIGHTS, Buffer.alloc(9), OLD), 'model.safetensors')).verdict).toBe('block');
  });

  test('is found behind the end of a tar archive', async () => {
    expect(TAR.length).toBe(1024);
    const header = tarHeader('a.txt');
    expect((await judged(raw(header, TAR, HOSTILE), 'a.tar')).verdict).toBe('block');
    expect((await judged(raw(header, TAR, TAR), 'a.tar')).verdict).toBe('pass');
  });
});

/** A header of an empty file (POSIX ustar). */
function tarHeader(name: string): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0, 'latin1');
  block.write('0000644\0', 100, 'latin1');
  block.write('00000000000\0', 124, 'latin1');
  block.write('        ', 148, 'latin1');
  block.write('0', 156, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

test('buffers that are not in the file are a matter for a person', async () => {
  expect((await judged(raw(proto(5), 0x97, STOP), 'a.pkl')).verdict).toBe('review');
  expect((await judged(raw(proto(5), 0x96, u64(2), 'ab', STOP), 'a.pkl')).verdict).toBe('pass');
});
