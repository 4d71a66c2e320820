// SPDX-License-Identifier: Apache-2.0
import type { Fields } from './file.ts';

/** As much of a datatype message (section IV.A.2.d) as says what its values hold. */
export interface Datatype {
  readonly kind: Kind;
  /** Bytes of one value in the file. */
  readonly size: number;
  /** The element of a sequence or array, the integer of an enumeration. */
  readonly base?: Datatype;
  readonly members?: readonly { readonly name: string; readonly offset: number; readonly type: Datatype }[];
}

const KINDS = [
  ...['integer', 'float', 'time', 'string', 'bits', 'opaque', 'compound', 'reference', 'enum', 'sequence', 'array'],
  'complex',
] as const;
type Kind = (typeof KINDS)[number] | 'text';

const DEPTH = 32;

/** @throws MalformedHdf5 */
export function readDatatype(fields: Fields, depth = 0): Datatype {
  if (depth > DEPTH) throw fields.broken('datatypes are nested without end');
  const first = fields.u8();
  const version = first >> 4;
  const kind = KINDS[first & 15];
  if (kind === undefined || version < 1 || version > 5) throw fields.broken(`datatype ${first} is not known`);
  const bits = fields.uint(3);
  const size = fields.u32();
  switch (kind) {
    case 'integer':
    case 'bits':
      fields.skip(4);
      return { kind, size };
    case 'float':
      fields.skip(12);
      return { kind, size };
    case 'time':
      fields.skip(2);
      return { kind, size };
    case 'string':
    case 'reference':
      return { kind, size };
    case 'opaque':
      fields.skip(padded(bits & 255));
      return { kind, size };
    case 'compound':
      return { kind, size, members: readMembers(fields, version, bits & 0xffff, size, depth) };
    case 'enum': {
      const base = readDatatype(fields, depth + 1);
      for (let i = 0; i < (bits & 0xffff); i++) skipName(fields, version);
      fields.skip((bits & 0xffff) * base.size);
      return { kind, size, base };
    }
    case 'sequence': {
      const base = readDatatype(fields, depth + 1);
      return { kind: (bits & 15) === 1 ? 'text' : 'sequence', size, base };
    }
    case 'array': {
      const dimensions = fields.u8();
      fields.skip(version < 3 ? 3 + dimensions * 8 : dimensions * 4);
      return { kind, size, base: readDatatype(fields, depth + 1) };
    }
    case 'complex':
      return { kind, size, base: readDatatype(fields, depth + 1) };
  }
}

function readMembers(fields: Fields, version: number, count: number, size: number, depth: number) {
  const members = [];
  for (let i = 0; i < count; i++) {
    const name = skipName(fields, version);
    const offset = version < 3 ? fields.u32() : fields.uint(bytesFor(size));
    if (version === 1) fields.skip(28);
    members.push({ name, offset, type: readDatatype(fields, depth + 1) });
  }
  return members;
}

/** Names are padded to a multiple of eight bytes before version 3. */
function skipName(fields: Fields, version: number): string {
  const start = fields.at;
  const name = fields.text();
  if (version < 3) fields.skip(padded(fields.at - start) - (fields.at - start));
  return name;
}

/** The fewest bytes that can hold a number. */
export function bytesFor(value: number): number {
  let bytes = 1;
  for (let left = Math.floor(value / 256); left > 0; left = Math.floor(left / 256)) bytes++;
  return bytes;
}

export function padded(length: number): number {
  return Math.ceil(length / 8) * 8;
}

/** Whether the values are, or lead to, bytes that may be anything: text, opaque bytes, octets. */
export function holdsBytes(type: Datatype): boolean {
  if (type.kind === 'integer' || type.kind === 'bits') return type.size === 1;
  return type.kind === 'string' || type.kind === 'opaque' || type.kind === 'text' || type.kind === 'sequence';
}
