// SPDX-License-Identifier: Apache-2.0
import type { Reason } from '#src/domain/decision.ts';
import type { EvaluationEvidence } from '#src/domain/evaluation.ts';
import type { EvidenceDocument } from '#src/domain/evidence.ts';
import { globMatcher } from '#src/domain/glob.ts';
import { oneLine, reasonOf } from './reason.ts';
import type { EvaluationRule } from './rules.ts';

const DAY_MILLISECONDS = 24 * 60 * 60 * 1000;
/** Clocks differ; a document from tomorrow would be young for longer than it may be. */
const AHEAD_MILLISECONDS = 5 * 60 * 1000;

/** What has to be there, signed by whom, how young, and how good. Each is one reason where it is not met. */
export function judgeEvaluations(
  evidence: Pick<EvidenceDocument, 'now' | 'manifest' | 'evaluations'>,
  rules: readonly EvaluationRule[],
): Reason[] {
  const { kind, id } = evidence.manifest.source.repo;
  const wanted = rules.filter(
    (rule) => rule.kinds.includes(kind) && globMatcher(rule.match.toLowerCase())(id.toLowerCase()),
  );
  return wanted.map((rule) => judgeOne(evidence.evaluations ?? [], rule, Date.parse(evidence.now)));
}

/** Of several the newest by a named signer decides: a better one from before does not make up for a worse one since. */
function judgeOne(evaluations: readonly EvaluationEvidence[], rule: EvaluationRule, now: number): Reason {
  const ofKind = evaluations.filter(({ kind, problem }) => problem === undefined && kind === rule.kind);
  const named = ofKind.filter(({ signers }) => signers.some((name) => rule.signers.includes(name)));
  const newest = named.toSorted((a, b) => timeOf(b) - timeOf(a))[0];
  const problem = newest ? problemOf(newest, rule, now) : missing(evaluations, ofKind, rule);
  if (problem !== undefined)
    return reasonOf('evaluation-required', 'hold', `an evaluation "${rule.kind}" is required: ${problem}`, undefined, [
      rule.kind,
    ]);
  const met = reasonOf('evaluation-required', 'note', `the evaluation "${rule.kind}" is met`, undefined, [rule.kind]);
  return rule.maxAgeDays === null || newest === undefined ? met : { ...met, until: endOf(newest, rule.maxAgeDays) };
}

function missing(
  all: readonly EvaluationEvidence[],
  ofKind: readonly EvaluationEvidence[],
  { signers }: EvaluationRule,
): string {
  const by = `signed by ${signers.join(' or ')}`;
  const [other] = ofKind;
  if (other) return `the one that is there is signed by ${other.signers.join(', ')}, and has to be ${by}`;
  const [useless] = all.flatMap(({ problem }) => problem ?? []);
  return useless === undefined
    ? `there is none, ${by}`
    : `there is none, ${by}; of one that was added: ${oneLine(useless)}`;
}

function problemOf(evaluation: EvaluationEvidence, rule: EvaluationRule, now: number): string | undefined {
  const { metric, min, max, maxAgeDays } = rule;
  const at = evaluation.evaluatedAt;
  if (maxAgeDays !== null && at === undefined)
    return `it does not say when it was made, and may be ${maxAgeDays} days old`;
  if (timeOf(evaluation) > now + AHEAD_MILLISECONDS) return `it was made at ${at}, which is yet to come`;
  if (maxAgeDays !== null && Date.parse(endOf(evaluation, maxAgeDays)) <= now)
    return `it was made at ${at}, and may be ${maxAgeDays} days old`;
  if (metric === null) return undefined;
  const value = Object.hasOwn(evaluation.metrics, metric) ? evaluation.metrics[metric] : undefined;
  if (value === undefined) return `it has no metric "${metric}"`;
  if (min !== null && !(value >= min)) return `its ${metric} is ${value}, and ${min} is the least`;
  if (max !== null && !(value <= max)) return `its ${metric} is ${value}, and ${max} is the most`;
  return undefined;
}

function endOf({ evaluatedAt }: EvaluationEvidence, days: number): string {
  return new Date(Date.parse(evaluatedAt ?? '') + days * DAY_MILLISECONDS).toISOString();
}

/** Without a time it is older than any with one. */
function timeOf({ evaluatedAt }: EvaluationEvidence): number {
  return evaluatedAt === undefined ? 0 : Date.parse(evaluatedAt);
}
