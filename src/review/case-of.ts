// SPDX-License-Identifier: Apache-2.0
import type { Requester } from '#src/access/requester.ts';
import type { Repo } from '#src/domain/repo.ts';
import type { IntakeOutcome } from '#src/intake/progress.ts';
import type { Cases } from './cases.ts';

/** The number of the case that a refusal waits for; undefined where no person can answer it, or there is no room. */
export async function caseOf(
  { cases }: { readonly cases: Pick<Cases, 'asked'> },
  { repo, requester }: { readonly repo: Repo; readonly requester: Requester },
  { commit, source, decision }: Extract<IntakeOutcome, { type: 'refused' }>,
): Promise<number | undefined> {
  if (decision.outcome !== 'held') return undefined;
  const open = decision.reasons.filter(({ effect, accepted }) => effect !== 'note' && accepted === undefined);
  const subject = source ? { repo: source } : { repo, commit };
  return cases.asked({ ...subject, reasons: open.map(({ message }) => message) }, requester);
}
