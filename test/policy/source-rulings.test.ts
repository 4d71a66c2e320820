// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { parseRepo } from '#src/domain/repo.ts';
import type { SourceTerms } from '#src/domain/ruling.ts';
import { policyDigest } from '#src/policy/digest.ts';
import { type SourceRuling, sourceInForce } from '#src/policy/source-rulings.ts';
import { LIMITS, RULES, sourceRule } from './samples.ts';

const NOW = new Date('2026-03-01T00:00:00Z');
const SOURCES = [
  sourceRule({ match: 'bad/*', mode: 'deny', reason: 'never' }),
  sourceRule({ match: 'org/*', mode: 'request', exclude: ['*.bin'], gated: 'allow', upstreams: ['hub'] }),
  sourceRule({ match: 'free/*', mode: 'auto', kinds: ['models'] }),
];
const REPO = parseRepo('models', 'Org/Name');

function ruling(number: number, terms: Partial<SourceTerms> = {}): SourceRuling {
  const plain: SourceTerms = {
    ...{ match: 'org/name', kinds: ['models'], mode: 'auto', include: ['*'], exclude: [] },
    ...{ gated: 'hold', expiresAt: null },
  };
  const event = { type: 'source', ...plain, ...terms } as const;
  return { number, at: '2026-02-01T00:00:00Z', by: 'ann', reason: `reason ${number}`, event };
}

const inForce = (rulings: SourceRuling[], repo = REPO) => sourceInForce(SOURCES, rulings, repo, NOW);

describe('a ruling on a source', () => {
  it('comes before the configuration, and leaves it where the models come from', () => {
    expect(inForce([ruling(3)])).toEqual({
      ...sourceRule({ match: 'org/name', kinds: ['models'], mode: 'auto', gated: 'hold', upstreams: ['hub'] }),
      ruling: 3,
    });
  });

  it.each<[string, SourceRuling[], string | undefined, number | undefined]>([
    ['none: the configuration', [], 'request', undefined],
    ['one for another repo', [ruling(1, { match: 'org/other' })], 'request', undefined],
    ['one for another kind', [ruling(1, { kinds: ['datasets'] })], 'request', undefined],
    ['one for the organisation', [ruling(1, { match: 'ORG/*' })], 'auto', 1],
    ['the newest', [ruling(1), ruling(2, { mode: 'review' })], 'review', 2],
    [
      'the one that names the repo, though older',
      [ruling(1, { mode: 'review' }), ruling(2, { match: 'org/*' })],
      'review',
      1,
    ],
    ['a denial, though older and for all', [ruling(1, { match: 'org/*', mode: 'deny' }), ruling(2)], 'deny', 1],
    ['one whose time has come', [ruling(1, { expiresAt: '2026-03-01T00:00:00Z' })], 'request', undefined],
    ['one whose time has not', [ruling(1, { expiresAt: '2026-03-01T00:00:01Z' })], 'auto', 1],
    ['a yes with a time that is none', [ruling(1, { expiresAt: 'soon' })], 'request', undefined],
    ['a no with a time that is none', [ruling(1, { expiresAt: 'soon', mode: 'deny' })], 'deny', 1],
  ])('%s', (_, rulings, mode, number) => {
    const rule = inForce(rulings);
    expect([rule?.mode, rule?.ruling]).toEqual([mode, number]);
  });

  it('for an organisation loosens nothing that the configuration says of one repo by its name', () => {
    const named = sourceRule({ match: 'org/name', mode: 'request', include: ['*.json'] });
    const of = (...rulings: SourceRuling[]) => sourceInForce([named, ...SOURCES], rulings, REPO, NOW);
    expect(of(ruling(1, { match: 'org/*', gated: 'allow' }))).toEqual(named);
    expect(of(ruling(1))).toMatchObject({ mode: 'auto', ruling: 1 });
    expect(of(ruling(1, { match: 'org/*', mode: 'deny' }))).toMatchObject({ mode: 'deny', ruling: 1 });
  });

  it.each(['bad/name', 'nobody/name'])('does not open %s, which the configuration denies or does not name', (id) => {
    const rule = inForce([ruling(1, { match: id })], parseRepo('models', id));
    expect(rule?.mode ?? 'deny').toBe('deny');
    expect(rule?.ruling).toBeUndefined();
  });

  it('does not widen the kinds that the configuration names', () => {
    const yes = ruling(1, { match: 'free/*', kinds: ['models', 'datasets'] });
    expect(inForce([yes], parseRepo('datasets', 'free/x'))).toBeUndefined();
    expect(inForce([yes], parseRepo('models', 'free/x'))?.ruling).toBe(1);
  });

  it('says who denied it, and why', () => {
    expect(inForce([ruling(7, { mode: 'deny' })])?.reason).toBe('reason 7 (ann, ruling 7)');
  });

  it('is part of what the digest of the policy names', () => {
    const digests = [inForce([]), inForce([ruling(1)]), inForce([ruling(2)])].map((rule) =>
      policyDigest(RULES, rule, LIMITS),
    );
    expect(new Set(digests).size).toBe(3);
  });
});
