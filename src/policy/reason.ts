// SPDX-License-Identifier: Apache-2.0
import { type Approval, isAccepted, type Outcome, type Reason } from '#src/domain/decision.ts';
import type { RepoPath } from '#src/domain/path.ts';
import type { PolicyRule } from './rules.ts';

export function reasonOf(
  rule: PolicyRule,
  effect: Reason['effect'],
  message: string,
  path?: RepoPath,
  findings: readonly string[] = [],
): Reason {
  return {
    rule,
    effect,
    message,
    ...(path === undefined ? {} : { path }),
    ...(findings.length === 0 ? {} : { findings }),
  };
}

/**
 * What an approval can not lift while it denies: what people revoked for more than this commit (that ends by a
 * reinstatement), a source that the configuration forbids, a listing that is none, bytes
 * that a scanner would block, evidence that does not fit, and nothing at all to serve. Who wants those must change the
 * configuration (or, for verdicts, let `policy.verdicts.block` hold), which is a reviewed act with a digest of its own.
 * `verdict-unscannable` is not among them: nobody saw anything dangerous, and a person may know why a file is so large.
 */
const FINAL: ReadonlySet<string> = new Set<PolicyRule>([
  'revoked',
  'source-unmatched',
  'source-denied',
  'source-upstream',
  'publisher-denied',
  'listing-invalid',
  'verdict-block',
  'evidence-incomplete',
  'empty-selection',
]);

const OF_THE_SOURCE: ReadonlySet<string> = new Set<PolicyRule>(['source-request']);

/** Mark what a person accepted. An accepted reason stays in the list: it is part of what the release is signed with. */
export function applyApproval(reasons: readonly Reason[], approval: Approval | undefined): Reason[] {
  return reasons.map((reason) => (isLifted(reason, approval) ? { ...reason, accepted: approval.by } : reason));
}

function isLifted(reason: Reason, approval: Approval | undefined): approval is Approval {
  if (!approval || reason.effect === 'note') return false;
  if (reason.effect === 'deny' && FINAL.has(reason.rule)) return false;
  // A source is approved as a source: a yes to one commit of it does not open the rest.
  if (OF_THE_SOURCE.has(reason.rule)) return false;
  return isAccepted(reason, approval.accepts);
}

/** The strongest effect that nobody accepted. */
export function outcomeOf(reasons: readonly Reason[]): Outcome {
  const open = reasons.filter((reason) => reason.accepted === undefined);
  if (open.some((reason) => reason.effect === 'deny')) return 'denied';
  return open.some((reason) => reason.effect === 'hold') ? 'held' : 'approved';
}

/** Words of upstream or of a scanner, made fit for one line: no control characters, bounded. */
export function oneLine(text: string, length = 200): string {
  const flat = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  return flat.length > length ? `${flat.slice(0, length - 3)}...` : flat;
}
