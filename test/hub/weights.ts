// SPDX-License-Identifier: Apache-2.0

type Tensors = Readonly<Record<string, readonly [dtype: string, shape: readonly number[]]>>;

/** A safetensors header of these tensors; the data is left out. */
export function safetensors(tensors: Tensors): Buffer {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  for (const [name, [dtype, shape]] of Object.entries(tensors)) header[name] = { dtype, shape, data_offsets: [0, 0] };
  const json = Buffer.from(JSON.stringify(header));
  return Buffer.concat([u64(json.length), json]);
}

/** The same tensors in each of so many shards, with the index beside them. */
export function sharded(count: number, tensors: Tensors): Record<string, Buffer> {
  const name = (i: number) => `model-${String(i).padStart(5, '0')}-of-${String(count).padStart(5, '0')}.safetensors`;
  const shards = Array.from({ length: count }, (_, i): [string, Buffer] => [name(i + 1), safetensors(tensors)]);
  return { 'model.safetensors.index.json': Buffer.from('{}'), ...Object.fromEntries(shards) };
}

/** The head of a GGUF file. */
export function gguf(
  head: { architecture?: string; contextLength?: number; template?: string; vocabulary?: number },
  tensors: readonly (readonly number[])[],
): Buffer {
  const pairs: Buffer[] = [];
  const pair = (key: string, type: number, value: Buffer) =>
    void pairs.push(Buffer.concat([string(key), u32(type), value]));
  if (head.architecture) pair('general.architecture', 8, string(head.architecture));
  if (head.contextLength) pair(`${head.architecture}.context_length`, 4, u32(head.contextLength));
  const words = Array.from({ length: head.vocabulary ?? 0 }, (_, i) => string(`a token that takes some room ${i}`));
  pair('tokenizer.ggml.tokens', 9, Buffer.concat([u32(8), u64(words.length), ...words]));
  if (head.template) pair('tokenizer.chat_template', 8, string(head.template));
  const infos = tensors.map((shape, i) =>
    Buffer.concat([string(`t${i}`), u32(shape.length), ...shape.map(u64), u32(0), u64(0)]),
  );
  return Buffer.concat([Buffer.from('GGUF'), u32(3), u64(infos.length), u64(pairs.length), ...pairs, ...infos]);
}

/** The head of a GGUF file with one tensor behind so many pairs, each an empty name and a byte. */
export function manyPairs(count: number): Buffer {
  const head = gguf({}, [[7]]);
  const [before, tensors] = [head.subarray(0, 16), head.subarray(head.indexOf(string('t0')))];
  return Buffer.concat([before, u64(count), Buffer.alloc(13 * count), tensors]);
}

function string(text: string): Buffer {
  return Buffer.concat([u64(Buffer.byteLength(text)), Buffer.from(text)]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
