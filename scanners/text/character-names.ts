// SPDX-License-Identifier: Apache-2.0

/**
 * The character that `\\N{name}` stands for in Python and Jinja, as far as identifiers are made of it; any other
 * character is none of theirs, and a stand-in serves.
 */
export function namedCharacter(name: string): string {
  const letter = /^LATIN (SMALL|CAPITAL) LETTER ([A-Z])$/i.exec(name);
  if (letter?.[2]) return /small/i.test(letter[1] ?? '') ? letter[2].toLowerCase() : letter[2].toUpperCase();
  if (/^(?:LOW LINE|SPACING UNDERSCORE)$/i.test(name)) return '_';
  return /^FULL STOP$/i.test(name) ? '.' : '\ufffd';
}
