// SPDX-License-Identifier: Apache-2.0
import { namesOutside } from '../archive/names.ts';
import { keyOf, keysOf } from './names.ts';
import type { CentralEntry } from './records.ts';

type Problem = (code: string, offset: number, detail: string) => void;

/** The names of an archive's directory: each by itself, and beside the others. */
export class MemberNames {
  private readonly problem: Problem;
  private readonly seen = new Set<string>();
  private readonly links = new Set<string>();
  private readonly files: { readonly key: string; readonly offset: number }[] = [];

  constructor(problem: Problem) {
    this.problem = problem;
  }

  add({ name, rawName }: CentralEntry, offset: number, isLink: boolean): void {
    if (namesOutside(name)) this.problem('archive-traversal', offset, `member ${shown(name)} leaves the folder`);
    // Some programs end a name there, so that another file is written or read than was checked.
    if (rawName.includes(0)) this.problem('zip-name', offset, `member ${shown(name)} has a NUL in its name`);
    else if (rawName.some((byte) => byte < 0x20 || byte === 0x7f))
      this.problem('zip-name-controls', offset, `member ${shown(name)} has control characters in its name`);
    if (rawName.length === 0) this.problem('zip-name-controls', offset, 'a member has no name');
    const keys = keysOf(rawName);
    if (keys.some((key) => this.seen.has(key))) this.problem('zip-duplicate', offset, `${shown(name)} is there twice`);
    for (const key of keys) this.seen.add(key);
    const key = keyOf(name);
    if (isLink) this.links.add(key);
    else this.files.push({ key, offset });
  }

  /** A member below a link is written to where the link leads. */
  checkLinks(): void {
    if (this.links.size === 0) return;
    for (const { key, offset } of this.files)
      for (let at = key.indexOf('/'); at >= 0; at = key.indexOf('/', at + 1))
        if (this.links.has(key.slice(0, at)))
          this.problem('archive-traversal', offset, `member ${shown(key)} lies behind a link`);
  }
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 120));
}
