// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { judged, rulesOf } from './judged.ts';
import { callPickle, floatStorage, global, legacyTorch, proto, raw, STOP, text, u32, u64 } from './pickle-bytes.ts';

/** `_rebuild_tensor(<persistent id>, 0, (items,), (1,))`; `view` as opcodes: what a view shows of the storage. */
function tensor(type: string, key: string, items: number, view = raw('N')): Buffer {
  const id = raw('(', text('storage'), global('torch', type), text(key), text('cpu'), 'J', u32(items), view, 'tQ');
  const shape = raw('J', u32(items), 0x85);
  return raw(global('torch._utils', '_rebuild_tensor'), '(', id, 'K', 0, shape, 'K', 1, 0x85, 'tR');
}

const object = (...values: readonly Uint8Array[]) => raw(proto(2), '](', ...values, 'e', STOP);
const storage = (items: number, itemSize: number) => raw(u64(items), Buffer.alloc(items * itemSize, 0x3f));
const view = (key: string, offset: number, items: number) => raw(text(key), 'K', offset, 'K', items, 0x87);
const module_ = (...rest: readonly Uint8Array[]) =>
  raw('(', text('module'), global('torch.nn.modules.linear', 'Linear'), ...rest, 'tQ');

describe('a legacy torch file', () => {
  test.each([
    ['DoubleStorage', 8],
    ['FloatStorage', 4],
    ['HalfStorage', 2],
    ['BFloat16Storage', 2],
    ['LongStorage', 8],
    ['IntStorage', 4],
    ['ShortStorage', 2],
    ['CharStorage', 1],
    ['ByteStorage', 1],
    ['BoolStorage', 1],
    ['ComplexFloatStorage', 8],
    ['ComplexDoubleStorage', 16],
    ['QInt8Storage', 1],
    ['QInt32Storage', 4],
    ['UntypedStorage', 1],
  ])('holds a %s of %i bytes an item, exactly', async (type, itemSize) => {
    const file = (items: number) => legacyTorch(object(tensor(type, '7', 3)), ['7'], [storage(items, itemSize)]);
    expect(await judged(file(3), 'model.pt')).toMatchObject({ format: 'torch-legacy', verdict: 'pass', findings: [] });
    expect(await rulesOf(file(2), 'model.pt')).toEqual(['torch-storage']);
    expect(await rulesOf(file(4), 'model.pt')).toEqual(['torch-storage']);
  });

  test.each([
    ['a view of a part of its storage', [tensor('FloatStorage', '0', 8, view('1', 2, 4))]],
    ['two tensors in one storage', [tensor('FloatStorage', '0', 8), tensor('FloatStorage', '0', 8)]],
    ['a class with the source that torch keeps beside it', [module_(text('linear.py'), text('class Linear: pass'))]],
    ['a class whose source was not found', [module_(raw('NN'))]],
  ])('passes with %s', async (_what, values) => {
    const isTensor = values.length === 2 || _what.startsWith('a view');
    const file = legacyTorch(object(...values), isTensor ? ['0'] : [], isTensor ? [floatStorage(8)] : []);
    expect(await judged(file, 'model.pt')).toMatchObject({ format: 'torch-legacy', verdict: 'pass' });
  });

  test('passes when a machine of the other byte order wrote it, which writes tensors in the same order', async () => {
    const system = raw(proto(2), '}', text('little_endian'), 0x89, 's.');
    const magic = raw(proto(2), 0x8a, 10, Buffer.from('6cfc9c46f9206aa85019', 'hex'), STOP, proto(2), 'M\xe9\x03.');
    const keys = raw(proto(2), '](', text('0'), 'e.');
    const file = raw(magic, system, object(tensor('FloatStorage', '0', 8)), keys, floatStorage(8));
    expect(await judged(file, 'model.pt')).toMatchObject({ format: 'torch-legacy', verdict: 'pass', findings: [] });
  });

  const one = object(tensor('FloatStorage', '0', 8));
  const two = object(tensor('FloatStorage', '0', 8), tensor('FloatStorage', '1', 1));
  test.each([
    [
      'a view that reaches over its storage',
      legacyTorch(object(tensor('FloatStorage', '0', 8, view('1', 6, 4))), ['0'], [floatStorage(8)]),
      'pickle-persistent-id',
    ],
    [
      'a storage of two lengths',
      legacyTorch(object(tensor('FloatStorage', '0', 8), tensor('FloatStorage', '0', 900)), ['0'], [floatStorage(8)]),
      'torch-storage',
    ],
    ['a storage that is not there', legacyTorch(two, ['0'], [floatStorage(8)]), 'torch-storage'],
    [
      'a storage that is there twice',
      legacyTorch(one, ['0', '0'], [floatStorage(8), floatStorage(8)]),
      'torch-storage',
    ],
    [
      'another persistent object',
      legacyTorch(object(raw(text('session'), text('x'), 0x86, 'Q')), [], []),
      'pickle-persistent-id',
    ],
    ['a persistent object whose kind is computed', legacyTorch(object(raw(')Q')), [], []), 'pickle-persistent-id'],
    [
      'a module that is no class',
      legacyTorch(object(raw('(', text('module'), 'NNNtQ')), [], []),
      'pickle-persistent-id',
    ],
    ['zeros behind the last storage', legacyTorch(one, ['0'], [floatStorage(8), Buffer.alloc(512)]), 'trailing-bytes'],
    ['a new line behind the last storage', legacyTorch(one, ['0'], [floatStorage(8), raw('\n')]), 'trailing-bytes'],
    [
      'a pickle behind zeros',
      legacyTorch(one, ['0'], [floatStorage(8), Buffer.alloc(99), callPickle('os', 'system')]),
      'trailing-payload',
    ],
  ])('reports %s', async (_what, file, rule) => {
    expect(await rulesOf(file, 'model.pt')).toContain(rule);
  });
});
