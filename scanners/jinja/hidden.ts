// SPDX-License-Identifier: Apache-2.0

/**
 * Characters that a person who reads the template does not see, and a model does: directions that turn, letters of the
 * tag block, spaces without width, and variation selectors in a row. Joiners belong to many scripts and to emoji, and
 * so do the tags behind a flag.
 */
const HIDDEN =
  /[\u202a-\u202e\u2066-\u2069\u200b\u2060-\u2064\u180e\u00ad]|(?<!^)\ufeff|[\u200c\u200d]{3,}|[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]{3,}|\u{1f3f4}[\u{e0020}-\u{e007f}]{1,6}\u{e007f}|[\u{e0000}-\u{e007f}]+/gu;
const FLAG = '\u{1f3f4}';
/** The same, as a text of Python spells them. */
const SPELLED = /\\(?:u(20(?:0b|2[a-eA-E]|6[0-9])|feff|FEFF|180e|00ad)|U(000[eE]00[0-7][\da-fA-F]))/g;
const MAX_FOUND = 20;

/** What is hidden in the source, by its code, with the line of the first place. */
export function hiddenCharacters(source: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const match of source.matchAll(HIDDEN))
    if (!match[0].startsWith(FLAG)) note(found, (match[0].codePointAt(0) ?? 0).toString(16), source, match.index);
  for (const match of source.matchAll(SPELLED)) note(found, match[1] ?? match[2] ?? '', source, match.index);
  return found;
}

function note(found: Map<string, number>, code: string, source: string, at: number): void {
  const shown = `U+${code.replace(/^0+/, '').toUpperCase().padStart(4, '0')}`;
  if (found.size < MAX_FOUND && !found.has(shown)) found.set(shown, source.slice(0, at).split('\n').length);
}
