// SPDX-License-Identifier: Apache-2.0

/** One character of a pattern: whether it takes this character of the text. `STAR` takes any number of any. */
type Step = typeof STAR | ((character: string) => boolean);

const STAR = '*';

/**
 * Patterns as in Python's `fnmatch`, because `hf download --include` uses them and people will type the same here:
 * `*` matches anything including `/`, `?` one character, `[abc]` and `[!abc]` one of a set. Case matters. A pattern
 * that ends in `/` means everything below that folder, as in huggingface_hub `utils/_paths.py`.
 *
 * Not a regular expression: `*a*a*a*a*b` would take minutes on a file name of a few hundred characters, and file
 * names are foreign. This takes pattern times text steps at most.
 * @throws RangeError a range that runs backwards: Python matches nothing then, and a `deny` with it would not deny
 */
export function globMatcher(pattern: string): (text: string) => boolean {
  // Most patterns are a name or an ending, and are tried on every file of a commit.
  const plain = pattern.endsWith('/') || !pattern.isWellFormed() ? null : /^(\*?)([^*?[]*)$/.exec(pattern);
  const [, star, rest = ''] = plain ?? [];
  if (plain) return star ? (text) => text.endsWith(rest) : (text) => text === rest;
  const steps = parsePattern([...(pattern.endsWith('/') ? `${pattern}*` : pattern)]);
  return (text) => matches(steps, [...text]);
}

/** Whether one of the patterns matches. Compiled once for each list, as long as somebody holds the list. */
export function anyGlob(patterns: readonly string[]): (text: string) => boolean {
  const known = compiled.get(patterns);
  if (known) return known;
  const matchers = patterns.map(globMatcher);
  const any = (text: string) => matchers.some((one) => one(text));
  compiled.set(patterns, any);
  return any;
}

/** Lists of the configuration, which live as long as it does and are never changed. It changes no answer. */
const compiled = new WeakMap<readonly string[], (text: string) => boolean>();

/** When a step fails, only the last star has to try again, one character further: what was before it has matched. */
function matches(steps: readonly Step[], text: readonly string[]): boolean {
  let step = 0;
  let star = -1;
  let retry = 0;
  for (let at = 0; at < text.length; ) {
    const wanted = steps[step];
    if (wanted === STAR) {
      star = step++;
      retry = at;
    } else if (wanted?.(text[at] ?? '')) {
      step++;
      at++;
    } else if (star >= 0) {
      step = star + 1;
      at = ++retry;
    } else return false;
  }
  return steps.slice(step).every((left) => left === STAR);
}

function parsePattern(pattern: readonly string[]): Step[] {
  const steps: Step[] = [];
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i] ?? '';
    const end = c === '[' ? pattern.indexOf(']', i + (pattern[i + 1] === '!' ? 3 : 2)) : -1;
    if (c === '*') steps.push(STAR);
    else if (c === '?') steps.push(() => true);
    else if (end >= 0) {
      steps.push(characterSet(pattern.slice(i + 1, end)));
      i = end;
    } else steps.push((character) => character === c);
  }
  return steps;
}

function characterSet(body: readonly string[]): Step {
  const negated = body[0] === '!';
  const members = negated ? body.slice(1) : body;
  const ranges: [number, number][] = [];
  for (let i = 0; i < members.length; ) {
    const isRange = members[i + 1] === '-' && i + 2 < members.length;
    const [from, to] = [codePoint(members[i]), codePoint(members[isRange ? i + 2 : i])];
    if (to < from) throw new RangeError(`The range ${members[i]}-${members[i + 2]} runs backwards.`);
    ranges.push([from, to]);
    i += isRange ? 3 : 1;
  }
  return (character) => ranges.some(([from, to]) => inside(codePoint(character), from, to)) !== negated;
}

function codePoint(character: string | undefined): number {
  return character?.codePointAt(0) ?? 0;
}

function inside(value: number, from: number, to: number): boolean {
  return from <= value && value <= to;
}
