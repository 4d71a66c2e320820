// SPDX-License-Identifier: Apache-2.0

/** What lies in one slot of a table. A union takes two: its type, then its value. */
export type FieldType =
  | { readonly kind: 'scalar'; readonly bytes: number }
  | { readonly kind: 'string' }
  | { readonly kind: 'table'; readonly name: string }
  | { readonly kind: 'struct'; readonly bytes: number }
  | { readonly kind: 'union-type' }
  | { readonly kind: 'union'; readonly name: string }
  | { readonly kind: 'vector'; readonly item: FieldType };

export interface Schema {
  /** Fields of each table, by slot. */
  readonly tables: ReadonlyMap<string, readonly FieldType[]>;
  /** Slot of a field by `Table.field`; of a union its value's slot. */
  readonly slots: ReadonlyMap<string, number>;
  /** Tables of a union, by type number - 1. */
  readonly unions: ReadonlyMap<string, readonly string[]>;
}

const SCALARS: Readonly<Record<string, number>> = {
  ...{ bool: 1, i8: 1, u8: 1, i16: 2, u16: 2, i32: 4, u32: 4, f32: 4, i64: 8, u64: 8, f64: 8 },
};

/**
 * A schema in short: `table Name field:type ...` in the order of the slots, `union Name Table ...`, `struct Name bytes`,
 * `empty Name ...` for tables without fields. A line that begins with a space continues the one before.
 */
export function parseSchema(text: string): Schema {
  const lines = text
    .trim()
    .replace(/\n +/g, ' ')
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  const named = (kind: string) => lines.filter(([first]) => first === kind);
  const structs = new Map(named('struct').map(([, name = '', bytes]) => [name, Number(bytes)]));
  const unions = new Map(named('union').map(([, name = '', ...tables]) => [name, tables]));
  const tables = new Map<string, readonly FieldType[]>();
  const slots = new Map<string, number>();
  for (const name of named('empty').flatMap(([, ...names]) => names)) tables.set(name, []);
  for (const [, name = '', ...fields] of named('table')) {
    const types: FieldType[] = [];
    for (const field of fields) {
      const [key = '', type = ''] = field.split(':');
      const parsed = parseType(type, structs, unions);
      if (parsed.kind === 'union') types.push({ kind: 'union-type' });
      slots.set(`${name}.${key}`, types.length);
      types.push(parsed);
    }
    tables.set(name, types);
  }
  return { tables, slots, unions };
}

function parseType(
  text: string,
  structs: ReadonlyMap<string, number>,
  unions: ReadonlyMap<string, readonly string[]>,
): FieldType {
  if (text.startsWith('[')) return { kind: 'vector', item: parseType(text.slice(1, -1), structs, unions) };
  if (text === 'string') return { kind: 'string' };
  const scalar = SCALARS[text];
  if (scalar !== undefined) return { kind: 'scalar', bytes: scalar };
  const struct = structs.get(text);
  if (struct !== undefined) return { kind: 'struct', bytes: struct };
  return unions.has(text) ? { kind: 'union', name: text } : { kind: 'table', name: text };
}
