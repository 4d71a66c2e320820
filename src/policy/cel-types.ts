// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { evidenceSchema } from './evidence-schema.ts';

/** What an expression may have for a value. `dyn`: whatever it turns out to be. */
export type CelType =
  | { readonly is: 'bool' | 'int' | 'double' | 'string' | 'bytes' | 'null' | 'timestamp' | 'duration' | 'type' | 'dyn' }
  /** A text of a few known ones. */
  | { readonly is: 'word'; readonly words: readonly string[] }
  | { readonly is: 'list'; readonly of: CelType }
  | { readonly is: 'map'; readonly of: CelType }
  | { readonly is: 'object'; readonly fields: Readonly<Record<string, CelType>> };

interface Schema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

/** The evidence document as a type: what its schema says. */
export function evidenceType(): CelType {
  return typeOf(z.toJSONSchema(evidenceSchema, { io: 'input' }) as Schema);
}

function typeOf({ type, enum: words, properties, items }: Schema): CelType {
  if (words) return { is: 'word', words };
  if (properties)
    return {
      is: 'object',
      fields: Object.fromEntries(Object.entries(properties).map(([key, one]) => [key, typeOf(one)])),
    };
  if (items) return { is: 'list', of: typeOf(items) };
  if (type === 'string') return { is: 'string' };
  if (type === 'boolean') return { is: 'bool' };
  return type === 'integer' || type === 'number' ? { is: 'int' } : { is: 'dyn' };
}

export function nameOf(type: CelType): string {
  if (type.is === 'word') return 'string';
  return type.is === 'list' ? `list of ${nameOf(type.of)}` : type.is;
}

/** Whether values of the two can be compared. Numbers of both kinds can. */
export function agree(a: CelType, b: CelType): boolean {
  if (a.is === 'dyn' || b.is === 'dyn') return true;
  if (a.is === 'list' && b.is === 'list') return agree(a.of, b.of);
  return familyOf(a) === familyOf(b);
}

function familyOf({ is }: CelType): string {
  if (is === 'word') return 'string';
  if (is === 'double') return 'int';
  return is === 'object' ? 'map' : is;
}
