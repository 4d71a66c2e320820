// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { patternsOfRules, patternsOfSources, slowest } from './patterns.ts';

/** Half of what is read of a file at a time (a head, a line), and the longest name that facts hold. */
const HEAD = 32 * 1024;
const NAME = 4096;
/** Twice the length takes twice the time, or about a second here; milliseconds are what is expected. */
const ENOUGH_MS = 400;

test.each([
  ['of the sources', patternsOfSources(), [22, 1000, HEAD], 100],
  ['of the rules', patternsOfRules(), [22, 400, NAME], 50],
] as const)(
  'no regular expression %s takes long, whatever it is asked about',
  { timeout: 600_000 },
  (_which, patterns, lengths, least) => {
    const slow = patterns.flatMap((pattern) => {
      const { ms, text } = slowest(pattern, lengths, ENOUGH_MS);
      const about = JSON.stringify(text.slice(0, 30));
      return ms > ENOUGH_MS ? [`${pattern.place} ${pattern.expression}: ${ms} ms for ${text.length} of ${about}`] : [];
    });
    expect(slow.join('\n')).toBe('');
    expect(patterns.length).toBeGreaterThan(least);
  },
);
