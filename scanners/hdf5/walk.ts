// SPDX-License-Identifier: Apache-2.0
import type { BudgetName } from '../budgets.ts';
import { type Attribute, attributesOf } from './attributes.ts';
import { type Dataset, readDataset } from './dataset.ts';
import { type Hdf5File, MalformedHdf5 } from './file.ts';
import { MESSAGE, type Message, readHeader } from './header.ts';
import { type Link, linksOf } from './links.ts';
import type { Superblock } from './superblock.ts';

/** Told what the file holds, object by object. What is malformed is told too, and the walk goes on. */
export interface Hdf5Listener {
  attribute(path: string, attribute: Attribute): void;
  dataset(path: string, dataset: Dataset): void;
  link(path: string, link: Link): void;
  message(path: string, message: Message): void;
  malformed(path: string, error: MalformedHdf5): void;
  spend(budget: BudgetName, amount: number): void;
}

const PATH_CHARACTERS = 200;

/** Every object that a path leads to, each once: groups lead back to their parents in honest files. */
export function walkHdf5(superblock: Superblock, listener: Hdf5Listener): void {
  const { file, root, extension } = superblock;
  const seen = new Set<number>();
  const todo: { address: number | undefined; path: string }[] = [{ address: root, path: '/' }];
  if (extension !== undefined) todo.push({ address: extension, path: '(superblock)' });
  for (let next = todo.pop(); next; next = todo.pop()) {
    const { address, path } = next;
    if (address !== undefined && seen.has(address)) continue;
    if (address !== undefined) seen.add(address);
    listener.spend('members', 1);
    guarded(path, listener, () => {
      if (address === undefined) throw new MalformedHdf5(file.base, 'a name leads nowhere');
      const messages = readHeader(file, address);
      for (const message of messages) listener.message(path, message);
      guarded(path, listener, () => {
        for (const attribute of attributesOf(file, messages)) listener.attribute(path, attribute);
      });
      readContent(superblock, path, messages, listener, (link) => {
        listener.link(path, link);
        if (link.kind === 'hard') todo.push({ address: link.address, path: below(path, link.name) });
      });
    });
  }
}

function readContent(
  superblock: Superblock,
  path: string,
  messages: readonly Message[],
  listener: Hdf5Listener,
  onLink: (link: Link) => void,
): void {
  if (messages.some(({ type }) => type === MESSAGE.layout))
    listener.dataset(path, readDataset(superblock.file, messages, superblock.k.chunk));
  for (const link of linksOf(superblock, messages)) {
    listener.spend('links', 1);
    onLink(link);
  }
}

function guarded(path: string, listener: Hdf5Listener, read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof MalformedHdf5)) throw error;
    listener.malformed(path, error);
  }
}

function below(path: string, name: string): string {
  const full = `${path === '/' ? '' : path}/${name}`;
  return full.length > PATH_CHARACTERS ? `${full.slice(0, PATH_CHARACTERS)}…` : full;
}

/** Ranges of the file that nothing has claimed, between `start` and `end`. */
export function* gapsOf(file: Hdf5File, start: number, end: number): Generator<{ start: number; end: number }> {
  const { extents } = file;
  const order = Array.from({ length: extents.length / 2 }, (_, i) => i * 2);
  order.sort((a, b) => (extents[a] ?? 0) - (extents[b] ?? 0));
  let at = start;
  for (const i of order) {
    const [from = 0, to = 0] = [extents[i], extents[i + 1]];
    if (from > at) yield { start: at, end: Math.min(from, end) };
    at = Math.max(at, to);
    if (at >= end) return;
  }
  if (at < end) yield { start: at, end };
}
