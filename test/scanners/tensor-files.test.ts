// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { crc32c } from '#scanners/io/crc32c.ts';
import { factsOf, judged, rulesOf } from './judged.ts';
import { raw, stateDict } from './pickle-bytes.ts';
import { coremlBlobOf, field, paddleTensor, tableOf, tfrecordOf, varint } from './protobuf-bytes.ts';

const example = field(1, field(1, raw(field(1, 'a'), field(2, field(3, field(1, varint(5)))))));
const event = raw(0x09, Buffer.alloc(8), field(3, 'brain.Event:2'));
const entry = (shard: number, offset: number, size: number) =>
  raw(field(1, 1), shard === 0 ? raw() : field(3, shard), field(4, offset), field(5, size));
const index = tableOf([
  ['', raw(field(1, 1), field(3, field(1, 1)))],
  ['w', entry(0, 0, 64)],
]);
const parameters = raw(paddleTensor([2, 2], Buffer.alloc(16, 1)), paddleTensor([3], Buffer.alloc(12, 2)));
const blob = coremlBlobOf(Buffer.alloc(100, 7), Buffer.alloc(64, 8));

test('CRC-32C has the check value of its definition', () => {
  expect(crc32c(raw('123456789'))).toBe(0xe3069283);
  expect(crc32c(raw('6789'), crc32c(raw('12345')))).toBe(0xe3069283);
});

describe('files of records and tensors', () => {
  test.each([
    ['tfrecord', 'data.tfrecord', tfrecordOf(example, example)],
    ['tfrecord', 'events.out.tfevents.1.host', tfrecordOf(event)],
    ['tf-bundle', 'variables.index', index],
    ['paddle-parameters', 'inference.pdiparams', parameters],
    ['coreml-blob', 'weight.bin', blob],
    ['zeros', 'variables.index', Buffer.alloc(16)],
  ])('%s passes as %s', async (format, path, bytes) => {
    expect(await judged(bytes, path)).toMatchObject({ format, verdict: 'pass' });
  });

  test.each([
    ['events', tfrecordOf(event), 'x.tfevents'],
    ['an index', index, 'variables.index'],
    ['parameters', parameters, 'x.pdiparams'],
    ['weights', blob, 'weight.bin'],
  ])('%s with something behind it, or cut short, do not pass', async (_what, bytes, path) => {
    expect((await judged(raw(bytes, 'tail'), path)).verdict).not.toBe('pass');
    for (const end of [1, 5, 20]) expect((await judged(bytes.subarray(0, -end), path)).verdict).not.toBe('pass');
  });

  test.each([
    ['a record that is no message', tfrecordOf(raw('MZ\x90\x00 a program')), 'x.tfrecord', 'tfrecord-content'],
    [
      'a record with a wrong checksum',
      raw(tfrecordOf(example).subarray(0, -1), 0xee),
      'x.tfrecord',
      'tfrecord-malformed',
    ],
    [
      'a tensor in a shard that there is not',
      tableOf([
        ['', field(1, 1)],
        ['w', entry(7, 0, 4)],
      ]),
      'x.index',
      'tf-bundle-malformed',
    ],
    [
      'a changed byte of an index',
      raw(index.subarray(0, 5), 0x66, index.subarray(6)),
      'x.index',
      'tf-bundle-malformed',
    ],
    [
      'a negative size',
      raw(paddleTensor([2], Buffer.alloc(8)), paddleTensor([-2], Buffer.alloc(8))),
      'x.pdiparams',
      'paddle-malformed',
    ],
    ['bytes in the padding', raw(blob.subarray(0, 230), 1, blob.subarray(231)), 'weight.bin', 'coreml-blob-malformed'],
  ])('%s asks for a review', async (_what, bytes, path, rule) => {
    expect(await rulesOf(bytes, path)).toEqual([rule]);
  });

  test('the facts of an index say how long each data file must be', async () => {
    expect((await factsOf(index)).uses).toEqual([
      { scheme: 'tf-bundle-range', name: '0-64 *.data-00000-of-00001', at: 'the index' },
    ]);
  });
});

test('a name that many formats share expects no content', async () => {
  for (const path of ['pytorch_model.bin', 'tokenizer.model', 'faiss.index'])
    expect(await rulesOf(stateDict({ a: 4 }), path)).not.toContain('extension-mismatch');
});
