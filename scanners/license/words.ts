// SPDX-License-Identifier: Apache-2.0

/** Longer than any license, and than a file of the notices of a hundred packages. */
const MAX_CHARACTERS = 512 * 1024;
/** Words of a run that are compared at once: shorter ones are found in unrelated texts. */
const RUN = 5;

/**
 * The words of a license without what differs between its copies: case, line breaks, punctuation, and the lines that
 * name who holds the copyright.
 */
export function wordsOf(text: string): string[] {
  const lines = text.slice(0, MAX_CHARACTERS).split(/\r\n?|\n/);
  const kept = lines.filter((line) => !isCopyrightLine(line)).join('\n');
  // RAIL and RAIL++ are two families; other punctuation says nothing.
  return (
    kept
      .replaceAll('++', 'pp')
      .replace(/<[^<>\n]{1,60}>|\[[^[\]\n]{1,60}\]/g, ' ')
      .toLowerCase()
      .match(/[\p{L}\p{N}]{1,40}/gu) ?? []
  );
}

function isCopyrightLine(line: string): boolean {
  return (
    line.length <= 200 &&
    /^[\s#*/;%-]*(?:copyright\b(?! (?:holder|owner|notice|law|license|and)\b)|\(c\)|©)/i.test(line)
  );
}

/**
 * One number for each run of five words, of which about half are kept: which half is told by the number itself, so that
 * two texts keep the same ones. A text that is shorter than a run has none.
 */
export function runsOf(words: readonly string[]): Uint32Array {
  const hashes = words.map(hashOf);
  const runs: number[] = [];
  for (let i = 0; i + RUN <= hashes.length; i++) {
    let hash = 0;
    for (let j = i; j < i + RUN; j++) hash = mixed(hash ^ (hashes[j] ?? 0));
    if ((hash & 1) === 0) runs.push(hash);
  }
  return Uint32Array.from(new Set(runs));
}

/** How many words stand behind so many runs. */
export function wordsBehind(runs: number): number {
  return runs * 2;
}

/** FNV-1a, 32 bits. */
function hashOf(word: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** The last step of MurmurHash3: every bit of the result depends on every bit of the number. */
function mixed(number: number): number {
  let hash = number;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
