// SPDX-License-Identifier: Apache-2.0
import { within } from '../budgets.ts';
import { type Item, type ItemReader, MalformedMsgpack } from './items.ts';

/** One container that is open. `seen` is what the listener remembers of it until it is closed. */
export interface Level {
  readonly kind: 'object' | 'array';
  key: string;
  index: number;
  left: number;
  atKey: boolean;
  seen?: Map<string, unknown>;
}

/** Told what a document holds, in order. `levels` are the containers around, from the outside in. */
export interface MsgpackListener {
  key(levels: readonly Level[], name: string, offset: number): void;
  scalar(levels: readonly Level[], value: number | boolean | null): void;
  /** `start` is the beginning of the bytes. */
  blob(levels: readonly Level[], kind: 'text' | 'bin', start: Uint8Array, at: Region): void;
  /** Reads the extension's bytes itself, to their end. */
  ext(levels: readonly Level[], type: number, at: Region): Promise<void>;
  close(levels: readonly Level[]): void | Promise<void>;
}

export interface Region {
  readonly offset: number;
  readonly length: number;
}

const KEEP_BYTES = 1024;

/**
 * Walk one value with everything in it; holds the nesting and nothing else.
 * @throws MalformedMsgpack, EndOfBytes, BudgetHit
 */
export async function walkMsgpack(reader: ItemReader, listener: MsgpackListener): Promise<void> {
  const levels: Level[] = [];
  let items = 0;
  do {
    within('values', ++items);
    const offset = reader.offset;
    const item = await reader.next();
    const level = levels.at(-1);
    if (level?.atKey) await readKey(reader, item, offset, level, levels, listener);
    else if (item.kind === 'map' || item.kind === 'array') open(item, levels);
    else await readValue(reader, item, levels, listener);
    await closeFull(levels, listener);
  } while (levels.length > 0);
}

function open(item: Item & { kind: 'map' | 'array' }, levels: Level[]): void {
  const isMap = item.kind === 'map';
  levels.push({ kind: isMap ? 'object' : 'array', key: '', index: 0, left: item.length, atKey: isMap });
  within('jsonDepth', levels.length);
}

async function readKey(
  reader: ItemReader,
  item: Item,
  offset: number,
  level: Level,
  levels: readonly Level[],
  listener: MsgpackListener,
): Promise<void> {
  if (item.kind === 'text' || item.kind === 'bin')
    level.key = Buffer.from(await reader.take(item.length, KEEP_BYTES)).toString('utf8');
  else if (item.kind === 'scalar') level.key = String(item.value);
  else throw new MalformedMsgpack(offset, 'a key that is no text and no number');
  level.atKey = false;
  listener.key(levels, level.key, offset);
}

async function readValue(
  reader: ItemReader,
  item: Exclude<Item, { kind: 'map' } | { kind: 'array' }>,
  levels: Level[],
  listener: MsgpackListener,
): Promise<void> {
  if (item.kind === 'scalar') listener.scalar(levels, item.value);
  else if (item.kind === 'ext') {
    const { offset } = reader;
    await listener.ext(levels, item.type, { offset, length: item.length });
    if (reader.offset !== offset + item.length)
      throw new MalformedMsgpack(offset, 'an extension whose content is not as long as it says');
  } else {
    const at = { offset: reader.offset, length: item.length };
    listener.blob(levels, item.kind, await reader.take(item.length, KEEP_BYTES), at);
  }
  finishValue(levels);
}

function finishValue(levels: readonly Level[]): void {
  const level = levels.at(-1);
  if (level === undefined) return;
  level.left--;
  if (level.kind === 'object') level.atKey = true;
  else level.index++;
}

async function closeFull(levels: Level[], listener: MsgpackListener): Promise<void> {
  for (let top = levels.at(-1); top !== undefined && top.left === 0; top = levels.at(-1)) {
    await listener.close(levels);
    levels.pop();
    finishValue(levels);
  }
}
