// SPDX-License-Identifier: Apache-2.0

/** Pickles written opcode by opcode. Every payload is inert, and nothing here is ever loaded. */
export const PAYLOAD = 'echo benign-test';

/** Latin-1 text and bytes, joined. */
export function raw(...parts: readonly (string | Uint8Array | number)[]): Buffer {
  return Buffer.concat(
    parts.map((part) =>
      typeof part === 'number' ? Buffer.from([part]) : typeof part === 'string' ? Buffer.from(part, 'latin1') : part,
    ),
  );
}

export const proto = (version: number) => raw(0x80, version);
export const global = (module: string, name: string) => raw(`c${module}\n${name}\n`);
export const shortText = (text: string) => raw(0x8c, text.length, text);
export const text = (value: string) => raw('X', u32(value.length), value);
export const stackGlobal = (module: string, name: string) => raw(shortText(module), shortText(name), 0x93);
/** One argument in a tuple. */
export const args1 = (value: Uint8Array) => raw(value, 0x85);
export const STOP = '.';

export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function u64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

/** `module.name("echo benign-test")`, then STOP. */
export function callPickle(module: string, name: string): Buffer {
  return raw(proto(2), global(module, name), args1(text(PAYLOAD)), 'R', STOP);
}

/** A state dict of float tensors, as torch.save writes it: name to number of items, keys counted from 0. */
export function stateDict(tensors: Readonly<Record<string, number>>, extra: Uint8Array = raw()): Buffer {
  const entries = Object.entries(tensors).map(([name, items], key) => raw(text(name), tensor(String(key), items)));
  return raw(proto(2), global('collections', 'OrderedDict'), ')R(', ...entries, 'u', extra, STOP);
}

/** `torch._utils._rebuild_tensor_v2(<storage key>, 0, (items,), (1,), False, OrderedDict())` */
function tensor(key: string, items: number): Buffer {
  const storage = raw(
    '(',
    text('storage'),
    global('torch', 'FloatStorage'),
    text(key),
    text('cpu'),
    'J',
    u32(items),
    'tQ',
  );
  const shape = raw('J', u32(items), 0x85);
  const rest = raw('K', 0, shape, 'K', 1, 0x85, 0x89, global('collections', 'OrderedDict'), ')R');
  return raw(global('torch._utils', '_rebuild_tensor_v2'), '(', storage, rest, 'tR');
}

/** A legacy torch file: magic number, protocol, system, object, storage keys, storages. */
export function legacyTorch(object: Uint8Array, keys: readonly string[], storages: readonly Uint8Array[]): Buffer {
  const magic = raw(proto(2), 0x8a, 10, Buffer.from('6cfc9c46f9206aa85019', 'hex'), STOP);
  const list = raw(proto(2), '](', ...keys.map(text), 'e', STOP);
  return raw(magic, proto(2), 'M', u16(1001), STOP, proto(2), '}', STOP, object, list, ...storages);
}

/** The number of items, then float items. */
export function floatStorage(items: number): Buffer {
  return raw(u64(items), Buffer.alloc(4 * items, 0x3f));
}
