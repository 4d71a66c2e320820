// SPDX-License-Identifier: Apache-2.0
import { globSync, readFileSync } from 'node:fs';
import { readRules } from '#scanners/rules.ts';

export interface Pattern {
  readonly place: string;
  readonly expression: RegExp;
}

const SCANNERS = new URL('../../scanners/', import.meta.url);

/** A literal stands where a value begins; strings and comments that look like one are read too, and do no harm. */
const LITERAL = /(?<=[=(,:[!&|?{};\s])\/(?![/*])((?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+)\/([dgimsuvy]*)/g;

/** Every regular expression of the scanners' sources. */
export function patternsOfSources(): Pattern[] {
  return globSync('**/*.ts', { cwd: SCANNERS.pathname }).flatMap((file) =>
    [...readFileSync(new URL(file, SCANNERS), 'utf8').matchAll(LITERAL)].flatMap(([, source = '', flags]) => {
      try {
        return [{ place: file, expression: new RegExp(source, flags) }];
      } catch {
        return [];
      }
    }),
  );
}

/** Every pattern of the rules, whatever the section is. */
export function patternsOfRules(): Pattern[] {
  const found: Pattern[] = [];
  const visit = (value: unknown, place: string): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      const texts = /pattern/.test(key) ? [inner].flat() : [];
      for (const text of texts)
        if (typeof text === 'string') found.push({ place: `${place}.${key}`, expression: new RegExp(text) });
      visit(inner, `${place}.${key}`);
    }
  };
  visit(readRules(), 'rules');
  return found;
}

const CLASSES: Readonly<Record<string, string>> = {
  d: '0',
  w: 'a',
  s: ' ',
  S: 'a',
  W: '-',
  D: 'a',
  n: '\n',
  t: '\t',
  r: '\r',
};

/** A character for each atom of a pattern, in order; what else stands there is left out. */
function atoms(source: string): string[] {
  const pieces = source.matchAll(
    /\\x([0-9a-f]{2})|\\(.)|\[(\^?)((?:\\.|[^\]\\])*)\]|\(\?(?:<?[=!]|:|<\w+>)|\{\d[\d,]*\}|([^()|*+?^$])/gs,
  );
  return [...pieces].flatMap(([, hex, escaped, negated, inside, plain]) => {
    if (hex !== undefined) return [String.fromCharCode(Number.parseInt(hex, 16))];
    if (escaped !== undefined) return /[bBpPuk]/.test(escaped) ? [] : [CLASSES[escaped] ?? escaped];
    if (inside !== undefined) return negated ? ['x', ' '] : insideOf(inside);
    return plain === undefined ? [] : [plain === '.' ? 'x' : plain];
  });
}

function insideOf(inside: string): string[] {
  const first = [...inside.matchAll(/\\(.)|(.)(?:-(.))?/gs)].map(([, escaped, plain]) =>
    escaped === undefined ? (plain ?? '') : (CLASSES[escaped] ?? escaped),
  );
  return first.slice(0, 4);
}

const LONGEST_PUMP = 3;

/** Texts that a pattern nearly fits: a beginning of it, a piece of it again and again, and something else. */
function* adversaries(source: string, length: number): Generator<string> {
  const all = atoms(source).slice(0, 60);
  const pumps = new Set<string>();
  for (let from = 0; from < all.length; from++)
    for (let many = 1; many <= LONGEST_PUMP; many++) pumps.add(all.slice(from, from + many).join(''));
  for (const pump of pumps) {
    const body = pump.repeat(Math.ceil(length / pump.length)).slice(0, length);
    const at = all.join('').indexOf(pump);
    for (const tail of ['\0', '!', '\n.']) yield `${body}${tail}`;
    if (at > 0) yield `${all.join('').slice(0, at)}${body}\0`;
  }
}

/** The longest time in milliseconds of CPU that an adversary takes; shorter ones first, so that an end is near. */
export function slowest(
  { expression }: Pattern,
  lengths: readonly number[],
  enough: number,
): { ms: number; text: string } {
  let worst = { ms: 0, text: '' };
  for (const length of lengths)
    for (const text of adversaries(expression.source, length)) {
      const begin = process.threadCpuUsage();
      for (const _ of expression.global ? text.matchAll(expression) : [expression.exec(text)]) void _;
      const ms = process.threadCpuUsage(begin).user / 1000;
      if (ms > worst.ms) worst = { ms, text };
      if (ms > enough) return worst;
    }
  return worst;
}
