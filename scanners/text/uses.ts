// SPDX-License-Identifier: Apache-2.0
import type { Facts } from '../facts.ts';
import { UseList } from '../uses.ts';

/** More different names of one scheme than this are no honest file's; that there are more is a use of its own. */
export const MAX_PER_SCHEME = 2000;

/** Uses of a text, bounded by scheme: a word list of a million lines must not exhaust what a file may say. */
export class TextUses {
  private readonly list: UseList;
  private readonly seen = new Map<string, Set<string>>();

  constructor(facts: Facts) {
    this.list = new UseList(facts);
  }

  add(scheme: string, name: string, at: string): void {
    const names = this.seen.get(scheme) ?? new Set();
    this.seen.set(scheme, names);
    if (names.size >= MAX_PER_SCHEME && !names.has(name)) {
      if (names.size === MAX_PER_SCHEME) this.list.add('too-many-names', scheme, at);
      names.add('');
      return;
    }
    names.add(name);
    this.list.add(scheme, name, at);
  }
}

/** Lines for places in a text, asked for in rising order or not. */
export class PlaceFinder {
  private readonly text: string;
  private at = 0;
  private line = 1;

  constructor(text: string) {
    this.text = text;
  }

  lineOf(at: number): string {
    if (at < this.at) {
      this.at = 0;
      this.line = 1;
    }
    for (let next = this.text.indexOf('\n', this.at); next >= 0 && next < at; next = this.text.indexOf('\n', this.at)) {
      this.line++;
      this.at = next + 1;
    }
    return `line ${this.line}`;
  }
}
