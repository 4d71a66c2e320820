// SPDX-License-Identifier: Apache-2.0

/** The end of a word that stays: an extension, the last name of a dotted one. */
const END_CHARACTERS = 50;

/**
 * A text of at most so many characters: of a longer one, its beginning and its end. The mark between them is in no name
 * that a rule lists; a path still shows that it climbs, or is cut at a zero by who opens it.
 */
export function cutTo(characters: number, text: string): string {
  if (text.length <= characters) return text;
  const end = text.length - END_CHARACTERS;
  const middle = text.slice(characters - END_CHARACTERS - '\u2026/../\0/..'.length, end + '../'.length);
  const mark = `\u2026${/[\\/]\.\.[\\/]/.test(middle) ? '/../' : ''}${middle.includes('\0') ? '\0' : ''}`;
  return text.slice(0, characters - END_CHARACTERS - mark.length) + mark + text.slice(end);
}
