// SPDX-License-Identifier: Apache-2.0
import type { Decision } from '#src/domain/decision.ts';
import type { EvidenceDocument } from '#src/domain/evidence.ts';
import { type EvaluationContext, earlyDecision, evaluate } from './evaluate.ts';
import { isWhole } from './evidence-document.ts';
import type { PolicyRules } from './rules.ts';
import { select } from './sources.ts';

/**
 * Stored evidence under any policy, as far as it goes. Undefined: it is of an early gate, and nothing in it speaks
 * against going on to the rest.
 */
export function judgeDocument(
  evidence: EvidenceDocument,
  rules: PolicyRules,
  context: EvaluationContext,
): Decision | undefined {
  if (isWhole(evidence)) return evaluate(evidence, rules, context);
  const selected = context.rule ? select(evidence.manifest.files, context.rule).selected : [];
  return earlyDecision({ ...evidence, selected }, rules, context);
}
