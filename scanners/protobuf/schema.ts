// SPDX-License-Identifier: Apache-2.0

/** What a field holds: `int` is any varint, `f32` and `f64` are fixed, `text` and `bytes` have a length. */
export type FieldKind = 'int' | 'f32' | 'f64' | 'text' | 'bytes' | 'message';

export interface Field {
  readonly number: number;
  readonly name: string;
  readonly kind: FieldKind;
  readonly repeated: boolean;
  /** The message's type, when `kind` is `message`. */
  readonly type: MessageType | undefined;
  /** `NodeProto.op_type`: how a {@link Plan} names it. */
  readonly key: string;
}

export interface MessageType {
  readonly name: string;
  readonly fields: ReadonlyMap<number, Field>;
}

export type Schema = ReadonlyMap<string, MessageType>;

const SCALARS: ReadonlySet<string> = new Set(['int', 'f32', 'f64', 'text', 'bytes']);

/**
 * Reads message types from one line each: `Name: 1 field int; 2 other Message*`. A star is a repeated field. The numbers
 * are facts of the format; how a library declares them beyond that is of no use here.
 */
export function parseSchema(source: string): Schema {
  const lines = source
    .trim()
    .split('\n')
    .map((line) => line.split(':', 2));
  const types = new Map<string, { name: string; fields: Map<number, Field> }>();
  for (const [name = ''] of lines) types.set(name, { name, fields: new Map() });
  for (const [name = '', fields = ''] of lines)
    for (const text of fields.split(';').map((field) => field.trim())) if (text !== '') addField(types, name, text);
  return types;
}

function addField(types: Map<string, { name: string; fields: Map<number, Field> }>, owner: string, text: string): void {
  const [number = '', name = '', written = ''] = text.split(' ');
  const repeated = written.endsWith('*');
  const kind = repeated ? written.slice(0, -1) : written;
  const type = types.get(kind);
  if (type === undefined && !SCALARS.has(kind)) throw new Error(`schema: ${owner}.${name} is of no known type ${kind}`);
  types.get(owner)?.fields.set(Number(number), {
    number: Number(number),
    name,
    kind: type === undefined ? (kind as FieldKind) : 'message',
    repeated,
    type,
    key: `${owner}.${name}`,
  });
}

/** @throws Error for a name that the schema lacks: a mistake in the code, not in a file */
export function messageType(schema: Schema, name: string): MessageType {
  const type = schema.get(name);
  if (type === undefined) throw new Error(`schema: no message ${name}`);
  return type;
}
