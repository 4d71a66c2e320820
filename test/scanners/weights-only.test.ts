// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { judged, rulesOf } from './judged.ts';
import {
  args1,
  callPickle,
  floatStorage,
  global,
  legacyTorch,
  proto,
  raw,
  STOP,
  stackGlobal,
  stateDict,
  text,
} from './pickle-bytes.ts';
import { zipOf } from './zip-bytes.ts';

const dict = stateDict({ w: 2 });
const zip = (pickle: Uint8Array, ...more: readonly { name: string; data: Uint8Array }[]) =>
  zipOf([{ name: 'm/data.pkl', data: pickle }, { name: 'm/data/0', data: Buffer.alloc(8) }, ...more]);
const ordered = raw(global('collections', 'OrderedDict'), ')R');
const weightsOnly = async (bytes: Uint8Array) => (await judged(bytes, 'model.pt')).attributes?.weightsOnly;

test.each([
  ['a state dict', zip(dict)],
  ['a state dict in a legacy file', legacyTorch(dict, ['0'], [floatStorage(2)])],
  ['a dictionary with a state', raw(proto(2), ordered, '}b', STOP)],
  [
    'bytes as protocol 2 writes them',
    raw(proto(2), global('_codecs', 'encode'), text('x'), text('latin1'), 0x86, 'R.'),
  ],
  ['a set of Python 2', raw(proto(2), global('__builtin__', 'set'), args1(raw(']')), 'R.')],
])('torch takes it with weights_only: %s', async (_what, bytes) => {
  expect(await weightsOnly(bytes)).toBe(true);
});

test.each([
  ['a command', callPickle('os', 'system')],
  ['a class that the scanner allows', raw(proto(2), global('torch.nn.modules.linear', 'Linear'), ')', 0x81, '}b.')],
  ['a later protocol', raw(proto(4), stackGlobal('collections', 'OrderedDict'), ')R.')],
  ['an opcode that it does not know', raw(proto(2), '(lp0\n.')],
  // CVE-2026-24747: items for what is no dictionary
  ['items for a list', raw(proto(2), ']K', 0, 'K', 1, 's.')],
  ['items for a tensor', raw(proto(2), global('torch', 'FloatTensor'), ')RK', 0, 'K', 1, 's.')],
  ['a state for bytes', raw(proto(2), global('_codecs', 'encode'), args1(text('x')), 'R}b.')],
  ['a persistent object that is no storage', raw(proto(2), text('x'), 0x85, 'Q.')],
  ['a pickle that breaks off', raw(proto(2), ordered)],
  ['a program', zip(dict, { name: 'm/constants.pkl', data: raw(proto(2), ').') })],
  ['a second pickle that it does not take', zip(dict, { name: 'm/x.pkl', data: callPickle('os', 'system') })],
])('torch refuses it with weights_only: %s', async (_what, bytes) => {
  expect(await weightsOnly(bytes)).toBe(false);
});

test('is said of files with pickles only', async () => {
  expect(await weightsOnly(Buffer.from('{"a": 1}'))).toBeUndefined();
});

test('items for what takes none are review', async () => {
  expect(await rulesOf(raw(proto(2), ']K', 0, 'K', 1, 's.'))).toEqual(['pickle-item-target']);
  expect(await rulesOf(raw(proto(2), ']K', 0, 'a.'))).toEqual([]);
  expect(await rulesOf(raw(proto(4), 0x8f, '(K', 0, 0x90, '.'))).toEqual([]);
});
