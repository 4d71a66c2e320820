// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { judged, rulesOf } from './judged.ts';
import { callPickle, floatStorage, global, proto, raw, STOP, text, u32, u64 } from './pickle-bytes.ts';
import { tarEntry, tarOf } from './tar-bytes.ts';

const number = (value: number) => raw('J', u32(value));
const pickle = (...values: readonly Uint8Array[]) => raw(proto(2), ...values, STOP);

/** As torch 0.1 wrote them: a number, then for each a pickle of three values, and plain numbers behind it. */
const storages = (type = 'FloatStorage', items = 6, views = raw(']')) =>
  raw(
    pickle(number(1)),
    pickle(number(11), text('cpu'), global('torch', type), raw(0x87)),
    floatStorage(items),
    pickle(views),
  );
const tensors = (dimensions = 2) =>
  raw(
    pickle(number(1)),
    pickle(number(22), number(11), global('torch', 'FloatTensor'), raw(0x87)),
    raw(u32(dimensions), u32(0), u64(2), u64(3), u64(3), u64(1), u64(0)),
  );
/** `OrderedDict([("w", <tensor 22>)])` */
const object = pickle(global('collections', 'OrderedDict'), raw(')R'), text('w'), text('22'), raw('Qs'));
const checkpoint = (parts: { storages?: Uint8Array; tensors?: Uint8Array; pickle?: Uint8Array } = {}) =>
  tarOf(
    tarEntry('sys_info', Buffer.from(pickle(raw('}')))),
    tarEntry('pickle', Buffer.from(parts.pickle ?? object)),
    tarEntry('tensors', Buffer.from(parts.tensors ?? tensors())),
    tarEntry('storages', Buffer.from(parts.storages ?? storages())),
  );

describe("a checkpoint in torch's first format", () => {
  test('passes', async () => {
    expect(await judged(checkpoint(), 'model.pt')).toMatchObject({ verdict: 'pass', findings: [] });
  });

  test.each([
    ['the object', { pickle: callPickle('os', 'system') }],
    ['the storages', { storages: raw(storages(), callPickle('os', 'system')) }],
    ['a storage that ends early', { storages: raw(storages().subarray(0, -8), callPickle('os', 'system')) }],
    [
      'the list of views',
      { storages: storages('FloatStorage', 6, raw(global('os', 'system'), text('id'), 0x85, 'R')) },
    ],
    [
      'bytes that are given to torch.load',
      {
        storages: storages('FloatStorage', 6, raw(global('torch.storage', '_load_from_bytes'), 'C\x01x', 0x85, 'R0]')),
      },
    ],
    ['the tensors', { tensors: raw(callPickle('os', 'system'), tensors()) }],
  ])('is blocked when something is called in %s', async (_where, parts) => {
    expect((await judged(checkpoint(parts), 'model.pt')).verdict).toBe('block');
  });

  test.each([
    ['a storage of another type', { storages: storages('DoubleStorage') }],
    ['a tensor of more dimensions', { tensors: tensors(3) }],
    ['bytes behind the tensors', { tensors: raw(tensors(), raw('abc')) }],
    ['keys, and no tensors', { tensors: raw(']') }],
  ])('is held with %s', async (_what, parts) => {
    expect(await rulesOf(checkpoint(parts), 'model.pt')).not.toEqual([]);
  });

  test('has keys for persistent ids, which mean nothing elsewhere', async () => {
    expect(await rulesOf(object, 'model.pkl')).toEqual(['pickle-persistent-id']);
  });
});
