// SPDX-License-Identifier: Apache-2.0
import type { Decision, Reason } from '#src/domain/decision.ts';
import type { Repo } from '#src/domain/repo.ts';
import { policyDigest } from './digest.ts';
import type { PolicyContext } from './evaluate.ts';
import { judgeSource } from './sources.ts';

/** The denial that needs no upstream: no source matches the repo, or the one that does says no. */
export function denyBySource(repo: Repo, context: PolicyContext): Decision | undefined {
  const reasons = judgeSource(context.source, { repo, gated: false, private: false });
  const denials = reasons.filter(({ effect }) => effect === 'deny');
  return denials.length === 0 ? undefined : denial(denials, context);
}

/** The denial of a commit whose listing can not be trusted: no approval lifts it, because there is nothing to look at. */
export function denyListing(problem: string, context: PolicyContext): Decision {
  return denial([{ rule: 'listing-invalid', effect: 'deny', message: problem }], context);
}

function denial(reasons: readonly Reason[], context: PolicyContext): Decision {
  return {
    outcome: 'denied',
    reasons,
    withheld: [],
    policyDigest: policyDigest(context.rules, context.source, context.limits),
    rulesVersion: context.rulesVersion,
    decidedAt: context.now.toISOString(),
  };
}
