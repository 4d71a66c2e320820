// SPDX-License-Identifier: Apache-2.0
import { raw } from './pickle-bytes.ts';

/** Builders of objects of R in the binary encoding; every one is an item of `serialize`. */
export type Item = Buffer;

export function int(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => {
    bytes.writeInt32BE(value | 0, 4 * i);
  });
  return bytes;
}

export const NULL = int(254);
export const GLOBAL = int(253);
const UNBOUND = int(252);
const TAGGED = 0x400;
const ATTRIBUTES = 0x200;

const chars = (text: string): Item => raw(int(0x40009, text.length), text);
export const symbol = (name: string): Item => raw(int(1), chars(name));
export const texts = (...items: readonly string[]): Item => raw(int(16, items.length), ...items.map(chars));
export const numbers = (count: number, attributes?: Item): Item =>
  raw(int(attributes ? 14 + 0x100 + ATTRIBUTES : 14, count), Buffer.alloc(8 * count), attributes ?? '');
export const vector = (...items: readonly Item[]): Item => raw(int(19, items.length), ...items);
export const rawVector = (bytes: Buffer): Item => raw(int(24, bytes.length), bytes);

/** A list with names, as attributes, variables of a workspace and frames of environments are. */
export function pairs(entries: Readonly<Record<string, Item>>, flags = 0): Item {
  const nodes = Object.entries(entries).map(([name, item]) => raw(int(2 | TAGGED | flags), symbol(name), item));
  return raw(...nodes, NULL);
}

export function call(head: string | Item, ...items: readonly Item[]): Item {
  const first = typeof head === 'string' ? symbol(head) : head;
  return raw(int(6), first, ...items.map((item) => raw(int(2), item)), NULL);
}

export const environment = (frame: Item): Item => raw(int(4, 0), GLOBAL, frame, NULL, NULL);
export const namespace = (name: string): Item => raw(int(249, 0, 2), chars(name), chars('4.2.2'));
export const closure = (owner: Item, body: Item): Item => raw(int(3 | TAGGED), owner, pairs({ x: int(251) }), body);
export const promise = (code: Item, value = UNBOUND): Item => raw(int(5 | TAGGED), GLOBAL, value, code);

/** Code (of version 12) is not looked at; `constants` are marks and items. */
export const bytecode = (...constants: readonly Buffer[]): Item =>
  raw(int(21, 1, 13, 1, 12, constants.length), ...constants);

export const stream = (item: Item): Buffer => raw('X\n', int(3, 0x40202, 0x30500, 5), 'UTF-8', item);
export const workspace = (entries: Readonly<Record<string, Item>>): Buffer => raw('RDX3\n', stream(pairs(entries)));
