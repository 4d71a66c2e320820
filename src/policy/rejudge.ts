// SPDX-License-Identifier: Apache-2.0
import { type Decision, type Reason, reasonKey } from '#src/domain/decision.ts';
import type { Evidence } from '#src/domain/evidence.ts';
import { applyCodeApprovals, judgeCustomCode, withoutCustomCode } from './custom-code.ts';
import { policyDigest } from './digest.ts';
import type { EvaluationContext } from './evaluate.ts';
import { applyApproval, outcomeOf } from './reason.ts';
import type { PolicyRules } from './rules.ts';
import { judgeSecrets, withoutSecrets } from './secrets.ts';
import { judgeVerdicts } from './verdicts.ts';

/**
 * A release judged again after the scanner rules changed: its files, as they are served, under today's verdicts. Its
 * selection is signed and frozen, so nothing can be withheld any more: what a person would have to look at holds the
 * whole. Source, licence and listing were gates on the way in and are not asked again.
 *
 * `settled` are the reasons that the release was signed with. What a person accepted then stays accepted as long as the
 * same scanner rules speak, or fewer; a yes does not cover what nobody saw.
 */
export function rejudge(
  { files, code, now }: Pick<Evidence, 'files' | 'code' | 'now'>,
  settled: readonly Reason[],
  rules: PolicyRules,
  context: EvaluationContext,
): Decision {
  const frozen = { ...rules, withhold: { reviewBesideSafetensors: false } };
  // Of the code, the release holds what was approved, and perhaps not all that the digest named.
  const asked = settled.some(({ rule, accepted }) => rule === 'custom-code' && accepted !== undefined);
  const covered = files.map((file) => withoutSecrets(withoutCustomCode(file, code, rules), rules.files));
  const secrets = judgeSecrets(files, rules.files);
  const found = [...secrets, ...judgeVerdicts(covered, frozen).reasons].filter(({ path }) => path !== undefined);
  const all = asked ? found : [...judgeCustomCode(code, rules), ...found];
  const accepted = applyCodeApprovals(applyApproval(all, context.approval), context.codeApprovals ?? new Map());
  const marked = accepted.map((reason) => stillAccepted(reason, settled));
  return {
    outcome: outcomeOf(marked),
    reasons: marked,
    withheld: [],
    policyDigest: policyDigest(rules, context.rule, context.limits),
    rulesVersion: context.rulesVersion,
    decidedAt: now,
  };
}

function stillAccepted(reason: Reason, settled: readonly Reason[]): Reason {
  if (reason.accepted !== undefined) return reason;
  const before = settled.find((other) => other.accepted !== undefined && reasonKey(other) === reasonKey(reason));
  if (before?.accepted === undefined) return reason;
  const seen = new Set(before.findings ?? []);
  return (reason.findings ?? []).every((rule) => seen.has(rule)) ? { ...reason, accepted: before.accepted } : reason;
}
