// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { judged } from './judged.ts';
import {
  callPickle,
  floatStorage,
  global,
  legacyTorch,
  proto,
  raw,
  STOP,
  stateDict,
  text,
  u32,
} from './pickle-bytes.ts';

/** A storage as a tensor writes it into a pickle that is not torch's own: `torch.save(storage, b)` in torch's old format. */
const storage = (object = PERSISTENT, keys = ['0'], items = 8) => legacyTorch(object, keys, [floatStorage(items)]);
const PERSISTENT = raw(
  proto(2),
  '(',
  text('storage'),
  global('torch', 'FloatStorage'),
  text('0'),
  text('cpu'),
  'J',
  u32(8),
  'NtQ.',
);

const asBytes = (bytes: Uint8Array) => raw('B', u32(bytes.length), bytes);
/** How protocols 0 to 2 write bytes: text, in which a letter is a byte. */
const asText = (bytes: Uint8Array) => {
  const letters = Buffer.from(Buffer.from(bytes).toString('latin1'), 'utf8');
  return raw(global('_codecs', 'encode'), 'X', u32(letters.length), letters, text('latin1'), 0x86, 'R');
};
const loaded = (argument: Uint8Array, loader = global('torch.storage', '_load_from_bytes')) =>
  raw(loader, argument, 0x85, 'R');
/** `torch._utils._rebuild_tensor_v2(<storage>, 0, (8,), (1,), False, OrderedDict())` */
const tensor = (bytes: Uint8Array) =>
  raw(
    global('torch._utils', '_rebuild_tensor_v2'),
    '(',
    bytes,
    'K\x00K\x08\x85K\x01\x85',
    0x89,
    global('collections', 'OrderedDict'),
    ')RtR',
  );
const pickle = (...values: readonly Uint8Array[]) => raw(proto(3), '](', ...values, 'e', STOP);

describe('bytes that a pickle gives to torch.load', () => {
  test.each([
    ['as bytes', pickle(tensor(loaded(asBytes(storage()))))],
    ['as text, in protocols without bytes', pickle(tensor(loaded(asText(storage()))))],
    ['twice, from the memo', pickle(raw(asBytes(storage()), 'q\x010'), loaded(raw('h\x01')), loaded(raw('h\x01')))],
  ])('pass when they are a torch file that does: %s', async (_what, bytes) => {
    expect(await judged(bytes)).toMatchObject({ format: 'pickle', verdict: 'pass', findings: [] });
  });

  const hostile = storage(callPickle('os', 'system'), [], 0);
  test.each([
    ['as bytes', pickle(tensor(loaded(asBytes(hostile))))],
    ['as text', pickle(tensor(loaded(asText(hostile))))],
    ['one level deeper', pickle(loaded(asBytes(legacyTorch(pickle(loaded(asBytes(hostile))), [], []))))],
    ['behind a storage that is honest', pickle(loaded(asBytes(storage())), loaded(asBytes(hostile)))],
  ])('are blocked where they call something, with its place: %s', async (_what, bytes) => {
    const { verdict, findings } = await judged(bytes);
    expect(verdict).toBe('block');
    expect(findings).toContainEqual(
      expect.objectContaining({
        rule: 'pickle-stdlib-import',
        member: expect.stringMatching(/bytes for torch\.storage\._load_from_bytes at byte \d+\)$/),
        message: expect.stringContaining('calls os.system("echo benign-test")'),
      }),
    );
  });

  test.each([
    ['no torch file', asBytes(stateDict({ w: 8 })), 'pickle-given-bytes'],
    ['an empty constant', asBytes(raw()), 'pickle-given-bytes'],
    [
      'text whose letters are no bytes',
      raw(global('_codecs', 'encode'), 'X', u32(300 * 3), Buffer.from('\u20ac'.repeat(300)), text('latin1'), 0x86, 'R'),
      'pickle-given-bytes',
    ],
    ['what another call returns', raw(global('builtins', 'bytes'), 'K\x05\x85R'), 'pickle-denied-import'],
  ])('are blocked when they are %s', async (_what, argument, rule) => {
    const { verdict, findings } = await judged(pickle(loaded(argument)));
    expect(verdict).toBe('block');
    expect(findings.map((finding) => finding.rule)).toContain(rule);
  });

  test('ask for a review when their storages are not what the pickle says', async () => {
    expect((await judged(pickle(loaded(asBytes(storage(PERSISTENT, ['0'], 7)))))).verdict).toBe('review');
  });
});

test.each([
  ['pickle', 'loads'],
  ['_pickle', 'loads'],
  ['dill', 'loads'],
])('what is given to %s.%s is shown beside the call, which is blocked whatever it is', async (module, name) => {
  const given = (inner: Uint8Array) => pickle(loaded(asBytes(inner), global(module, name)));
  const { findings } = await judged(given(callPickle('os', 'system')));
  expect(findings.some(({ message }) => message.includes('calls os.system("echo benign-test")'))).toBe(true);
  expect((await judged(given(raw(proto(2), 'N.')))).verdict).toBe('block');
});
