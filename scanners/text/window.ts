// SPDX-License-Identifier: Apache-2.0
import { issuedSecrets } from './secrets.ts';
import { MAX_PER_SCHEME, type PlaceFinder, type TextUses } from './uses.ts';

/** Longer than any credential's recognised part. */
const OVERLAP = 1024;
/** More than `TextUses` names one by one: that there are more than it names is said then. */
const MAX_FOUND = 2 * MAX_PER_SCHEME;

/** Looks for credentials in a text of any length, part by part. */
export class SecretWindow {
  private readonly found = new Map<string, number>();
  private tail = '';

  read(part: string, offset: number): void {
    const text = this.tail + part;
    const start = offset - this.tail.length;
    for (const { name, at } of issuedSecrets(unescaped(text)))
      if (!this.found.has(name) && this.found.size < MAX_FOUND) this.found.set(name, Math.max(0, start + at));
    this.tail = text.slice(-OVERLAP);
  }

  report(uses: TextUses, places?: PlaceFinder): void {
    for (const [name, offset] of this.found)
      uses.add('credential', name, places ? places.lineOf(offset) : `byte ${offset}`);
  }
}

/** JSON may write any letter as an escape; other escapes are left alone, so that places stay near. */
function unescaped(text: string): string {
  if (!text.includes('\\u00')) return text;
  return text.replace(/\\u00([2-7][\da-fA-F])/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
