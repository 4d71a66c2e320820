// SPDX-License-Identifier: Apache-2.0
import { UseList } from '../uses.ts';
import type { Extractor } from './context.ts';

const SCANNED = 4 * 1024 * 1024;
const NAMES = 50;

/**
 * Programs that were compiled for an accelerator: their makers publish no grammar, so that nothing here can say what
 * the bytes do or where they end. What a person needs to decide is put down: the kind, and the names that look like
 * plugins, which are libraries that the reader has to load.
 */
export const engine: Extractor = async (facts, bytes) => {
  const uses = new UseList(facts);
  uses.add('compiled-engine', facts.format, 'the file', 0);
  const text = await beginning(bytes);
  for (const { name, at } of found(text, /\b[A-Z]\w{2,60}(?:Plugin\w{0,40}|_TRT\w{0,10})\b/g))
    uses.add('compiled-plugin', name, `byte ${at}`, at);
};

/**
 * Java's and .NET's own serialisation: reading the stream constructs the classes that it names, whatever they do then
 * (java.io.ObjectInputStream; MS-NRBF). The names of the classes are kept for the person who decides.
 */
export const objectStream: Extractor = async (facts, bytes) => {
  const uses = new UseList(facts);
  uses.add('object-stream', facts.format, 'the file', 0);
  const text = await beginning(bytes);
  const pattern = /(?:[a-z]\w{0,40}\.){1,8}[A-Z][\w$]{1,80}|(?:[A-Z]\w{0,40}\.){1,8}[A-Z]\w{1,80}/g;
  for (const { name, at } of found(text, pattern)) uses.add('object-class', name, `byte ${at}`, at);
};

async function beginning(bytes: Parameters<Extractor>[1]): Promise<string> {
  const cursor = bytes.cursor();
  await cursor.fill(SCANNED);
  return Buffer.from(cursor.lookAt(SCANNED)).toString('latin1');
}

/** The first so many different names. */
function found(text: string, pattern: RegExp): { name: string; at: number }[] {
  const names = new Map<string, number>();
  for (const match of text.matchAll(pattern)) {
    if (!names.has(match[0])) names.set(match[0], match.index);
    if (names.size >= NAMES) break;
  }
  return [...names].map(([name, at]) => ({ name, at }));
}
