// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { configSchema } from '#src/config/schema.ts';
import { acceptanceOf } from '#src/domain/decision.ts';
import { sha256Of } from '#src/domain/digest.ts';
import type { EvaluationEvidence } from '#src/domain/evaluation.ts';
import { aboutSnapshot, manifestDigest } from '#src/policy/evaluation-subjects.ts';
import { judgeEvaluations } from '#src/policy/evaluations.ts';
import type { EvaluationRule } from '#src/policy/rules.ts';
import { newSigner } from '#test/support/evaluations.ts';
import { evidenceOf, WEIGHTS } from './samples.ts';

const { signer } = newSigner('team');
const ruleOf = (more: object): EvaluationRule => {
  const rule = { kind: 'safety', signers: ['team'], metric: 'score', min: 0.8, maxAgeDays: 30, ...more };
  const [parsed] = configSchema.parse({ policy: { evaluationSigners: [signer], evaluations: [rule] } }).policy
    .evaluations;
  if (!parsed) throw new Error('one rule was given');
  return parsed;
};
const NOW = '2026-01-31T00:00:00.000Z';
const made = (more: Partial<EvaluationEvidence> = {}): EvaluationEvidence => ({
  document: sha256Of('x'),
  signers: ['team'],
  kind: 'safety',
  evaluatedAt: '2026-01-15T00:00:00Z',
  metrics: { score: 0.9 },
  ...more,
});
const judge = (evaluations: readonly EvaluationEvidence[], more: object = {}) => {
  const [reason] = judgeEvaluations({ ...evidenceOf({ scans: WEIGHTS }), now: NOW, evaluations }, [ruleOf(more)]);
  return reason && { ...reason, said: `${reason.effect} ${acceptanceOf(reason)}` };
};

describe('a required evaluation', () => {
  test.each<[string, readonly EvaluationEvidence[], object, string | undefined]>([
    ['met', [made()], {}, undefined],
    ['at the threshold', [made({ metrics: { score: 0.8 } })], {}, undefined],
    ['below it', [made({ metrics: { score: 0.79 } })], {}, 'its score is 0.79, and 0.8 is the least'],
    ['at the most', [made({ metrics: { toxicity: 0.1 } })], { metric: 'toxicity', min: null, max: 0.1 }, undefined],
    [
      'above the most',
      [made({ metrics: { toxicity: 0.11 } })],
      { metric: 'toxicity', min: null, max: 0.1 },
      'its toxicity is 0.11, and 0.1 is the most',
    ],
    ['no such metric', [made({ metrics: {} })], {}, 'it has no metric "score"'],
    ['a metric of every object', [made()], { metric: 'constructor' }, 'it has no metric "constructor"'],
    ['as old as may be, less a second', [made({ evaluatedAt: '2026-01-01T00:00:01Z' })], {}, undefined],
    [
      'too old',
      [made({ evaluatedAt: '2026-01-01T00:00:00Z' })],
      {},
      'it was made at 2026-01-01T00:00:00Z, and may be 30 days old',
    ],
    [
      'from tomorrow',
      [made({ evaluatedAt: '2026-02-01T00:00:00Z' })],
      {},
      'it was made at 2026-02-01T00:00:00Z, which is yet to come',
    ],
    [
      'of no time',
      [made({ evaluatedAt: undefined as never })],
      {},
      'it does not say when it was made, and may be 30 days old',
    ],
    ['of no time, and any age', [made({ evaluatedAt: undefined as never })], { maxAgeDays: null }, undefined],
    ['of another kind', [made({ kind: 'speed' })], {}, 'there is none, signed by team'],
    [
      'signed by somebody else',
      [made({ signers: ['other'] })],
      {},
      'the one that is there is signed by other, and has to be signed by team',
    ],
    [
      'that counts for nothing',
      [made({ problem: 'it is about another' })],
      {},
      'there is none, signed by team; of one that was added: it is about another',
    ],
    ['none', [], {}, 'there is none, signed by team'],
    [
      'a worse one since',
      [made(), made({ evaluatedAt: '2026-01-20T00:00:00Z', metrics: { score: 0.1 } })],
      {},
      'its score is 0.1, and 0.8 is the least',
    ],
    [
      'a better one since',
      [made({ metrics: { score: 0.1 } }), made({ evaluatedAt: '2026-01-20T00:00:00Z' })],
      {},
      undefined,
    ],
  ])('%s', (_, evaluations, more, problem) => {
    const reason = judge(evaluations, more);
    expect(reason?.said).toBe(`${problem === undefined ? 'note' : 'hold'} evaluation-required[safety]`);
    if (problem !== undefined) expect(reason?.message).toBe(`an evaluation "safety" is required: ${problem}`);
  });

  test('says until when it is met', () => {
    expect(judge([made()])?.until).toBe('2026-02-14T00:00:00.000Z');
  });

  test('is asked of the repos that it is for', () => {
    expect(judge([], { match: 'org/*' })?.effect).toBe('hold');
    expect(judge([], { match: 'other/*' })).toBeUndefined();
    expect(judge([], { kinds: ['datasets'] })).toBeUndefined();
  });
});

describe('what it is about', () => {
  const { files } = evidenceOf({ scans: WEIGHTS });
  const sha = (path: string) => files.find((file) => file.path === path)?.sha256 ?? '';
  test('the manifest is what sha256sum prints', () => {
    const lines = `${sha('config.json')}  config.json\n${sha('model.safetensors')}  model.safetensors\n`;
    expect(manifestDigest(files)).toBe(createHash('sha256').update(lines).digest('hex'));
  });

  test.each<[string, readonly string[], string | undefined]>([
    ['the weights', [sha('model.safetensors')], undefined],
    ['the manifest', [manifestDigest(files)], undefined],
    ['everything', files.map(({ sha256 }) => sha256), undefined],
    ['another file', ['f'.repeat(64)], 'which is no file of this commit'],
    [
      'another model with the same configuration',
      [sha('config.json'), 'f'.repeat(64)],
      'which is no file of this commit',
    ],
    ['the configuration alone', [sha('config.json')], 'neither the manifest of this commit nor a file of weights'],
  ])('%s', (_, subjects, problem) => {
    const told = aboutSnapshot({ ...made(), subjects }, files);
    if (problem === undefined) expect(told.problem).toBeUndefined();
    else expect(told.problem).toContain(problem);
    expect(told).not.toHaveProperty('subjects');
  });
});

describe('the configuration', () => {
  const refused = (policy: object) => configSchema.safeParse({ policy }).success === false;
  test.each<[string, object]>([
    ['a signer without a key', { evaluationSigners: [{ name: 'a', key: 'x' }] }],
    ['a signer twice', { evaluationSigners: [signer, signer] }],
    ['nobody by that name', { evaluations: [{ kind: 'x', signers: ['team'] }] }],
    [
      'a metric without a limit',
      { evaluationSigners: [signer], evaluations: [{ kind: 'x', signers: ['team'], metric: 'm' }] },
    ],
    [
      'a limit without a metric',
      { evaluationSigners: [signer], evaluations: [{ kind: 'x', signers: ['team'], min: 1 }] },
    ],
    ['no signer', { evaluationSigners: [signer], evaluations: [{ kind: 'x', signers: [] }] }],
  ])('%s is refused', (_, policy) => {
    expect(refused(policy)).toBe(true);
  });
});
