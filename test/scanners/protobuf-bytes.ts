// SPDX-License-Identifier: Apache-2.0
import { maskedCrc32c } from '#scanners/io/crc32c.ts';
import { raw, u32, u64 } from './pickle-bytes.ts';

/** Messages written field by field, truthfully or not. Every payload is inert, and nothing here is ever loaded. */
export function varint(value: number | bigint): Buffer {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

/** A number is a varint; text, bytes and messages have a length. */
export function field(number: number, value: number | bigint | string | Uint8Array): Buffer {
  if (typeof value === 'number' || typeof value === 'bigint') return raw(varint(number * 8), varint(value));
  const bytes = Buffer.from(value);
  return raw(varint(number * 8 + 2), varint(bytes.length), bytes);
}

export function fixed32(number: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return raw(varint(number * 8 + 5), bytes);
}

export const onnxEntry = (key: string, value: string) => raw(field(1, key), field(2, value));

export function onnxTensor(name: string, dims: readonly number[], ...rest: Uint8Array[]): Buffer {
  return raw(...dims.map((dim) => field(1, dim)), field(2, 1), field(8, name), ...rest);
}

export function onnxNode(op: string, domain = '', ...attributes: Uint8Array[]): Buffer {
  const attribute = attributes.map((bytes) => field(5, bytes));
  return raw(field(1, 'x'), field(2, 'y'), field(4, op), ...attribute, domain === '' ? raw() : field(7, domain));
}

export interface OnnxParts {
  readonly nodes?: readonly Uint8Array[];
  readonly initializers?: readonly Uint8Array[];
  readonly domains?: readonly string[];
  readonly functions?: readonly Uint8Array[];
  readonly rest?: Uint8Array;
}

export function onnxModel({ nodes = [], initializers = [], domains = [], functions = [], rest }: OnnxParts): Buffer {
  const graph = raw(
    ...nodes.map((node) => field(1, node)),
    field(2, 'graph'),
    ...initializers.map((tensor) => field(5, tensor)),
    field(11, field(1, 'x')),
    field(12, field(1, 'y')),
  );
  const imports = ['', ...domains].map((domain) =>
    field(8, raw(domain === '' ? raw() : field(1, domain), field(2, 17))),
  );
  return raw(field(1, 8), field(7, graph), ...imports, ...functions.map((body) => field(25, body)), rest ?? raw());
}

export function tfNode(name: string, op: string, inputs: readonly string[] = [], ...attributes: Uint8Array[]): Buffer {
  const attribute = attributes.map((bytes) => field(5, bytes));
  return raw(field(1, name), field(2, op), ...inputs.map((input) => field(3, input)), ...attribute);
}

export const tfText = (key: string, value: string) => raw(field(1, key), field(2, field(2, value)));
export const tfConst = (name: string, text: string) =>
  tfNode(name, 'Const', [], raw(field(1, 'value'), field(2, field(8, raw(field(1, 7), field(8, text))))));

export function tfFunction(name: string, nodes: readonly Uint8Array[]): Buffer {
  return raw(field(1, field(1, name)), ...nodes.map((node) => field(3, node)));
}

export function tfGraph(nodes: readonly Uint8Array[], functions: readonly Uint8Array[] = []): Buffer {
  const library = functions.length === 0 ? raw() : field(2, raw(...functions.map((body) => field(1, body))));
  return raw(...nodes.map((node) => field(1, node)), library);
}

export function savedModel(graph: Uint8Array, ...rest: Uint8Array[]): Buffer {
  return raw(field(1, 1), field(2, raw(field(1, field(4, 'serve')), field(2, graph), ...rest)));
}

export function sentencePieces(pieces: readonly string[], ...rest: Uint8Array[]): Buffer {
  const vocabulary = pieces.map((piece) => field(1, raw(field(1, piece), fixed32(2, -1.5))));
  return raw(
    ...vocabulary,
    field(2, raw(field(3, 1), field(4, pieces.length))),
    field(3, field(1, 'nmt_nfkc')),
    ...rest,
  );
}

/** Length, its checksum, the record, its checksum. */
export function tfrecordOf(...records: Uint8Array[]): Buffer {
  const sum = (bytes: Uint8Array) => u32(maskedCrc32c(bytes));
  return raw(...records.map((record) => raw(u64(record.length), sum(u64(record.length)), record, sum(record))));
}

/** A table of one block of data. */
export function tableOf(entries: readonly (readonly [key: string, value: Uint8Array])[]): Buffer {
  const block = (items: readonly (readonly [string, Uint8Array])[]) => {
    const body = items.map(([key, value]) => raw(varint(0), varint(key.length), varint(value.length), key, value));
    const content = raw(...body, u32(0), u32(1), 0);
    return raw(content, u32(maskedCrc32c(content)));
  };
  const data = block(entries);
  const metadata = block([]);
  const handle = (offset: number, bytes: Uint8Array) => raw(varint(offset), varint(bytes.length - 5));
  const index = block([['z', handle(0, data)]]);
  const handles = raw(handle(data.length, metadata), handle(data.length + metadata.length, index));
  return raw(data, metadata, index, handles, Buffer.alloc(40 - handles.length), u64(0xdb4775248b80fb57n));
}

/** A tensor of Paddle's parameters: 32-bit floats. */
export function paddleTensor(dims: readonly number[], data: Uint8Array): Buffer {
  const description = raw(field(1, 5), ...dims.map((dim) => field(2, dim)));
  return raw(u32(0), u64(0), u32(0), u32(description.length), description, data);
}

/** Weights of an ML program, one array after another. */
export function coremlBlobOf(...arrays: Uint8Array[]): Buffer {
  let blob = raw(u32(arrays.length), u32(2), Buffer.alloc(56));
  for (const data of arrays) {
    const record = raw(u32(0xdeadbeef), u32(1), u64(data.length), u64(blob.length + 64), Buffer.alloc(40));
    blob = raw(blob, record, data, Buffer.alloc((64 - (data.length % 64)) % 64));
  }
  return blob;
}
