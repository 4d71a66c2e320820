// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { endsAt, reasonKey } from '#src/domain/decision.ts';
import type { CardEvidence, Evidence } from '#src/domain/evidence.ts';
import { closedSource, earlyDecision, evaluate } from '#src/policy/evaluate.ts';
import { rejudge } from '#src/policy/rejudge.ts';
import type { PolicyRules } from '#src/policy/rules.ts';
import { contextOf, evidenceOf, NOW, RULES, type Sample, scan, sourceRule, WEIGHTS } from './samples.ts';

type Changed = {
  files?: Partial<PolicyRules['files']>;
  card?: Partial<PolicyRules['card']>;
  publisher?: Partial<PolicyRules['publisher']>;
};

function policy({ files, card, publisher }: Changed): PolicyRules {
  return {
    ...RULES,
    files: { ...RULES.files, ...files },
    card: { ...RULES.card, ...card },
    publisher: { ...RULES.publisher, ...publisher },
  };
}

function brief(evidence: Evidence, rules: Changed): string {
  const { outcome, reasons } = evaluate(evidence, policy(rules), contextOf());
  return [outcome, ...reasons.map((reason) => `${reason.effect} ${reasonKey(reason)}`)].join('; ');
}

const PICKLE = scan('pickle', 'pass');
const SECRET = scan('json', 'review', 'credential');
const BOTH: Sample = { scans: { ...WEIGHTS, 'a.bin': PICKLE } };

describe('files', () => {
  test.each<[string, Sample, Changed['files'], string]>([
    ['whatever is not named is allowed by default', BOTH, {}, 'approved'],
    ['a name that is denied', BOTH, { deny: ['*.bin'] }, 'denied; deny file-denied:a.bin'],
    ['a name that is denied, softly', BOTH, { deny: ['*.bin'], denied: 'hold' }, 'held; hold file-denied:a.bin'],
    ['a name in another case is another name', BOTH, { deny: ['*.BIN'] }, 'approved'],
    ['a format that is denied, whatever its name', BOTH, { deny: ['format:pickle'] }, 'denied; deny file-denied:a.bin'],
    ['a name and its format, said once', BOTH, { deny: ['*.bin', 'format:pickle'] }, 'denied; deny file-denied:a.bin'],
    ['names that are allowed', BOTH, { allow: ['*.json', '*.safetensors'] }, 'denied; deny file-not-allowed:a.bin'],
    ['names that are allowed, all of them', BOTH, { allow: ['*'] }, 'approved'],
    [
      'a format that is allowed',
      BOTH,
      { allow: ['*.json', 'format:safetensors'] },
      'denied; deny file-not-allowed:a.bin',
    ],
    ['either is enough', BOTH, { allow: ['*.bin', 'format:json', 'format:safetensors'] }, 'approved'],
    ['softly', BOTH, { allow: ['*.json', '*.safetensors'], notAllowed: 'hold' }, 'held; hold file-not-allowed:a.bin'],
    ['as many as may be', BOTH, { maxFiles: 3 }, 'approved'],
    ['one more', BOTH, { maxFiles: 2 }, 'held; hold files-too-many'],
    ['as much as may be', BOTH, { maxTotalBytes: 30, maxFileBytes: 10 }, 'approved'],
    ['a byte more in all', BOTH, { maxTotalBytes: 29, tooLarge: 'deny' }, 'denied; deny files-too-large'],
    [
      'a byte more in one',
      { scans: { 'a.safetensors': scan('safetensors', 'pass') } },
      { maxFileBytes: 9 },
      'held; hold file-size:a.safetensors',
    ],
  ])('%s', (_, sample, files, expected) => {
    expect(brief(evidenceOf(sample), { files: files ?? {} })).toBe(expected);
  });

  test('names are judged before a byte is pulled, and wait where a format may still allow them', () => {
    const { manifest } = evidenceOf(BOTH);
    const early = (files: Changed['files']) =>
      earlyDecision({ now: NOW, manifest, selected: manifest.files }, policy({ files: files ?? {} }), contextOf())
        ?.outcome;
    expect(early({ deny: ['*.bin'] })).toBe('denied');
    expect(early({ allow: ['*.safetensors', '*.json'] })).toBe('denied');
    expect(early({ allow: ['*.safetensors', '*.json', 'format:gguf'] })).toBeUndefined();
  });
});

describe('secrets', () => {
  const alone: Sample = { scans: { 'a.json': SECRET } };
  const beside: Sample = { scans: { ...WEIGHTS, 'a.json': SECRET } };
  const more: Sample = { scans: { 'a.json': scan('json', 'review', 'credential', 'other') } };
  test.each<[PolicyRules['files']['secrets'], Sample, string]>([
    ['review', alone, 'held; hold verdict-review:a.json'],
    ['review', beside, 'approved'],
    ['hold', beside, 'held; hold secret-found:a.json'],
    ['deny', alone, 'denied; deny secret-found:a.json'],
    ['allow', alone, 'approved; note secret-found:a.json'],
    ['allow', more, 'held; hold verdict-review:a.json; note secret-found:a.json'],
    ['deny', { scans: WEIGHTS }, 'approved'],
  ])('%s: %j', (secrets, sample, expected) => {
    expect(brief(evidenceOf(sample), { files: { secrets } })).toBe(expected);
  });

  test('many of them hide nothing else: of a list that was cut nobody knows what it held', () => {
    const cut = { ...SECRET, findings: [...SECRET.findings, ...scan('json', 'pass', 'more-findings').findings] };
    const files: Changed['files'] = { secrets: 'allow' };
    expect(brief(evidenceOf({ scans: { 'a.json': cut } }), { files })).toBe(
      'held; hold verdict-review:a.json; note secret-found:a.json',
    );
  });

  test('count again when a release is judged by newer scanner rules', () => {
    const again = (secrets: PolicyRules['files']['secrets']) =>
      rejudge(evidenceOf(alone), [], policy({ files: { secrets } }), contextOf()).outcome;
    expect([again('deny'), again('allow'), again('review')]).toEqual(['denied', 'approved', 'held']);
  });
});

describe('the card', () => {
  const card: CardEvidence = { sections: ['intended-use', 'training-data', 'evaluation', 'limitations', 'license'] };
  const evidence: Evidence = { ...evidenceOf({ scans: WEIGHTS }), card };
  const without = (section: string): Evidence => ({
    ...evidence,
    card: { sections: card.sections.filter((one) => one !== section) },
  });

  test.each(card.sections)('%s is missed where it is asked for', (section) => {
    expect(brief(evidence, { card: { require: [section] } })).toBe('approved');
    expect(brief(without(section), { card: { require: [section] } })).toBe(`held; hold card-${section}`);
    expect(brief(without(section), { card: { require: card.sections, missing: 'deny' } })).toBe(
      `denied; deny card-${section}`,
    );
    expect(brief(without(section), {})).toBe('approved');
  });

  test('that nobody has read says nothing, and why', () => {
    const { card: _, ...unread } = evidence;
    expect(brief(unread, { card: { require: ['license'] } })).toBe('held; hold card-license');
    const problem = { ...evidence, card: { sections: [], problem: 'the repo has no README.md' } };
    const { reasons } = evaluate(problem, policy({ card: { require: ['limitations'] } }), contextOf());
    expect(reasons[0]?.message).toBe('the card does not say its limitations (the repo has no README.md)');
  });

  test('is asked about before weights are pulled, and not before it was read', () => {
    const { now, manifest, license } = evidence;
    const rules = policy({ card: { require: ['limitations'] } });
    const known = { now, manifest, selected: manifest.files };
    expect(earlyDecision(known, rules, contextOf())).toBeUndefined();
    expect(earlyDecision({ ...known, license, card: { sections: [] } }, rules, contextOf())?.outcome).toBe('held');
  });
});

describe('publishers', () => {
  const plain = evidenceOf({ scans: WEIGHTS });
  test.each<[Changed['publisher'], string]>([
    [{}, 'approved'],
    [{ deny: ['ORG'] }, 'denied; deny publisher-denied'],
    [{ deny: ['or*'], allow: ['org'] }, 'denied; deny publisher-denied'],
    [{ deny: ['or'] }, 'approved'],
    [{ allow: ['Org'] }, 'approved'],
    [{ allow: ['other', 'or'] }, 'denied; deny publisher-not-allowed'],
    [{ allow: ['other'], notAllowed: 'hold' }, 'held; hold publisher-not-allowed'],
  ])('%j', (publisher, expected) => {
    expect(brief(plain, { publisher: publisher ?? {} })).toBe(expected);
  });

  test('who is denied costs upstream no question, and no approval lifts it', () => {
    const { repo } = plain.manifest.source;
    const rules = policy({ publisher: { deny: ['org'] } });
    expect(closedSource(sourceRule(), repo, rules, { ...contextOf(), now: NOW })?.outcome).toBe('denied');
    expect(evaluate(plain, rules, contextOf(sourceRule(), ['publisher-denied'])).outcome).toBe('denied');
  });
});

describe('cooling-off, judged at 2026-01-02T03:04:05Z', () => {
  const dated = (createdAt?: string, lastModified?: string, trust?: 'own'): Evidence => {
    const { manifest, ...rest } = evidenceOf({ scans: WEIGHTS });
    const source = {
      ...manifest.source,
      ...(createdAt && { createdAt }),
      ...(lastModified && { lastModified }),
      ...(trust && { upstream: { name: 'house', url: 'https://h', trust } }),
    };
    return { ...rest, manifest: { ...manifest, source } };
  };
  const OLD = '2020-01-01T00:00:00Z';
  const day = { publisher: { minCommitAgeHours: 24 } };
  const repo = { publisher: { minRepoAgeHours: 24 } };
  test.each<[string, Evidence, Changed, string]>([
    ['a commit of exactly a day', dated(OLD, '2026-01-01T03:04:05Z'), day, 'approved'],
    ['a second younger', dated(OLD, '2026-01-01T03:04:06Z'), day, 'held; hold commit-too-young'],
    ['of the future', dated(OLD, '2027-01-01T00:00:00Z'), day, 'held; hold commit-too-young'],
    ['dated back to before its repo', dated('2026-01-02T00:00:00Z', OLD), day, 'held; hold commit-too-young'],
    ['without a date', dated(OLD), day, 'held; hold commit-too-young'],
    ['a repo of exactly a day', dated('2026-01-01T03:04:05Z'), repo, 'approved'],
    ['a second younger', dated('2026-01-01T03:04:06Z'), repo, 'held; hold repo-too-young'],
    ['a repo without a date', dated(undefined, OLD), repo, 'held; hold repo-too-young'],
    ['neither asked for', dated(), {}, 'approved'],
    [
      'of the house itself',
      dated(undefined, undefined, 'own'),
      { publisher: { minCommitAgeHours: 24, minRepoAgeHours: 24 } },
      'approved',
    ],
  ])('%s', (_, evidence, rules, expected) => {
    expect(brief(evidence, rules)).toBe(expected);
  });

  test('a date at the end of time is not over at once: times are compared as texts', () => {
    const { reasons } = evaluate(dated(OLD, '9999-12-31T23:59:59Z'), policy(day), contextOf());
    expect(reasons.map(({ until = '' }) => until > NOW)).toEqual([true]);
  });

  test('the reason says until when, and the decision ends with the last of them', () => {
    const evidence = dated('2026-01-01T12:00:00Z', '2026-01-02T00:00:00Z');
    const rules = policy({ publisher: { minCommitAgeHours: 24, minRepoAgeHours: 72 } });
    const { reasons } = evaluate(evidence, rules, contextOf());
    expect(reasons.map(({ message }) => message)).toEqual([
      'the commit is of 2026-01-02T00:00:00Z, and the policy waits 24 hours: held until 2026-01-03T00:00:00.000Z',
      'the repo is of 2026-01-01T12:00:00Z, and the policy waits 72 hours: held until 2026-01-04T12:00:00.000Z',
    ]);
    expect(endsAt(reasons)).toBe('2026-01-04T12:00:00.000Z');
    expect(endsAt([...reasons, { rule: 'x', effect: 'hold', message: '' }])).toBeUndefined();
    expect(endsAt([{ rule: 'x', effect: 'note', message: '' }])).toBeUndefined();
  });
});
