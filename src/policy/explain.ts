// SPDX-License-Identifier: Apache-2.0
import type { Decision, Reason } from '#src/domain/decision.ts';
import type { EvidenceDocument } from '#src/domain/evidence.ts';
import type { EvaluationContext } from './evaluate.ts';
import { viewOf } from './explain-views.ts';
import { POLICY_RULES, type PolicyRules } from './rules.ts';

/** One rule: what it saw, what it said, and what would have it say something else. */
export interface ExplainedRule {
  readonly rule: string;
  /** Its strongest effect that counts; `accepted`: a person accepted all that it said; `silent`: it had nothing to say. */
  readonly said: Reason['effect'] | 'accepted' | 'silent';
  readonly saw: string;
  readonly reasons: readonly string[];
  readonly reasonsCount: number;
  readonly change: string;
}

export interface Explanation {
  /** `goes-on`: an early gate had nothing against it, and what comes after is not known yet. */
  readonly outcome: Decision['outcome'] | 'goes-on';
  readonly policyDigest?: string;
  readonly decidedAt: string;
  readonly rules: readonly ExplainedRule[];
}

/** Of a rule that speaks of thousands of files. */
const SHOWN = 5;

/** Every rule, in the order in which reasons are listed: those that said something, and those that did not. */
export function explain(
  evidence: EvidenceDocument,
  decision: Decision | undefined,
  rules: PolicyRules,
  context: EvaluationContext,
): Explanation {
  const ids = [...POLICY_RULES, ...rules.custom.map(({ id }) => `custom.${id}`)];
  return {
    outcome: decision?.outcome ?? 'goes-on',
    ...(decision ? { policyDigest: decision.policyDigest } : {}),
    decidedAt: evidence.now,
    rules: ids.map((rule) => {
      const own = decision?.reasons.filter((reason) => reason.rule === rule) ?? [];
      const { saw, change } = viewOf(rule, evidence, rules, context);
      return { rule, said: said(own), saw, ...listed(own, decision, rule), change };
    }),
  };
}

function said(reasons: readonly Reason[]): ExplainedRule['said'] {
  const open = reasons.filter(({ accepted }) => accepted === undefined).map(({ effect }) => effect);
  for (const effect of ['deny', 'hold', 'note'] as const) if (open.includes(effect)) return effect;
  return reasons.length > 0 ? 'accepted' : 'silent';
}

/** With what is withheld by this rule: it said something, and the commit need not wait for it. */
function listed(
  reasons: readonly Reason[],
  decision: Decision | undefined,
  rule: string,
): Pick<ExplainedRule, 'reasons' | 'reasonsCount'> {
  const withheld = decision?.withheld.filter((file) => file.rule === rule).map(({ message }) => message) ?? [];
  const all = [
    ...reasons.map(({ message, accepted }) =>
      accepted === undefined ? message : `${message} (accepted by ${accepted})`,
    ),
    ...withheld,
  ];
  return { reasons: all.slice(0, SHOWN), reasonsCount: all.length };
}
