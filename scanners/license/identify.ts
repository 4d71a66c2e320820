// SPDX-License-Identifier: Apache-2.0
import type { LicenseFacts, LicenseName } from '../facts.ts';
import { namesIn, titlesIn } from './phrases.ts';
import { runsOf, wordsBehind, wordsOf } from './words.ts';

/** So much of a license's text must be there: names of holders are left out of it, and appendices are left off. */
const HELD = 0.8;
/** Of a text that is part of a longer one (BSD-2-Clause of BSD-3-Clause), so much must not be part of that. */
const OWN = 0.5;
const MAX_NAMES = 16;
const MAX_VALUE = 100;

/** Words without which a text says nothing of a license; they are looked for in its beginning. */
const MENTION = /licen[sc]e|copyright|agreement|terms of use/i;
const BEGINNING = 16 * 1024;

/**
 * The licenses whose texts this text holds, or that it names, and how many of its words belong to none of these.
 * Undefined where it has nothing to do with one. Whether it is the license of the repo is told by its path, which facts
 * do not know.
 */
export async function identifyLicenses(text: string): Promise<LicenseFacts | undefined> {
  if (!MENTION.test(text.slice(0, BEGINNING))) return undefined;
  const words = wordsOf(text);
  const rest = new Set(runsOf(words));
  const all = rest.size;
  const held = heldTexts(rest, await loadTexts());
  const found: LicenseName[] = [
    ...tagsIn(text).map((name) => ({ name, by: 'tag' as const })),
    ...held.map((name) => ({ name, by: 'text' as const })),
    ...titlesIn(words).map((name) => ({ name, by: 'title' as const })),
    ...(held.length === 0 ? namesIn(words) : []).map((name) => ({ name, by: 'title' as const })),
  ];
  if (found.length === 0 && !isTitled(words)) return undefined;
  return { found: found.slice(0, MAX_NAMES), words: wordsBehind(all), unexplained: wordsBehind(rest.size) };
}

/** What a key of a file's metadata says: an id, a name, or a sentence that names one. */
export function licenseOfValue(value: string): string | undefined {
  const text = value.trim();
  if (text === '') return undefined;
  if (/^[\w.+-]{1,60}$/.test(text)) return text;
  const words = wordsOf(text);
  const [name, another] = [...titlesIn(words), ...namesIn(words)];
  if (name !== undefined && another === undefined) return name;
  return text
    .slice(0, MAX_VALUE)
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}]/gu, ' ');
}

/** A text that calls itself a license, whichever that is. */
function isTitled(words: readonly string[]): boolean {
  return words.slice(0, 20).some((word) => /^(?:licen[sc]e|agreement|terms)$/.test(word));
}

interface Candidate {
  readonly id: string;
  readonly runs: Uint32Array;
  readonly score: number;
}

/**
 * The best first, until no text is left that the rest holds. `rest` is left with the runs that belong to none. Variants
 * share most of their words, so what a license lacks counts against it.
 */
function heldTexts(rest: Set<number>, texts: ReadonlyMap<string, Uint32Array>): string[] {
  const candidates = [...texts].flatMap(([id, runs]) => candidate(id, runs, rest)).sort((a, b) => b.score - a.score);
  const held: string[] = [];
  for (const { id, runs } of candidates) {
    if (count(runs, rest) < OWN * runs.length) continue;
    held.push(id);
    for (const run of runs) rest.delete(run);
  }
  return held;
}

function candidate(id: string, runs: Uint32Array, rest: ReadonlySet<number>): Candidate[] {
  const matched = count(runs, rest);
  return matched < HELD * runs.length ? [] : [{ id, runs, score: 2 * matched - runs.length }];
}

function count(runs: Uint32Array, among: ReadonlySet<number>): number {
  let number = 0;
  for (const run of runs) if (among.has(run)) number++;
  return number;
}

function tagsIn(text: string): string[] {
  const tags = text.slice(0, BEGINNING).matchAll(/SPDX-License-Identifier:[ \t]*([A-Za-z0-9 .+()-]{1,100})/g);
  return [...new Set([...tags].map(([, name = '']) => name.trim()))].slice(0, 4);
}

/** Loaded when a text mentions a license: most files do not. */
async function loadTexts(): Promise<ReadonlyMap<string, Uint32Array>> {
  const { texts } = (await import('./texts.json', { with: { type: 'json' } })).default;
  return new Map(Object.entries(texts).map(([id, base64]) => [id, numbersOf(base64)]));
}

function numbersOf(base64: string): Uint32Array {
  const bytes = Buffer.from(base64, 'base64');
  return Uint32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readUInt32LE(4 * i));
}
