// SPDX-License-Identifier: Apache-2.0
import type { Journal } from '#src/catalog/journal.ts';
import type { CommitState } from '#src/catalog/repo-state.ts';
import type { Rulings } from '#src/catalog/rulings.ts';
import { parseRepo } from '#src/domain/repo.ts';
import type { CaseEnd } from '#src/index/cases.ts';
import type { Index } from '#src/index/index.ts';
import type { CaseRow } from '#src/index/schema.ts';
import type { InForce } from '#src/intake/in-force.ts';

interface EndingDeps {
  readonly journal: Pick<Journal, 'state'>;
  readonly rulings: Pick<Rulings, 'state'>;
  readonly inForce: Pick<InForce, 'source'>;
  readonly index: Pick<Index, 'decisions'>;
}

type Ending = Omit<CaseEnd, 'at'>;

/** How a case has ended by what is signed and configured now; undefined while it still waits for a person. */
export async function endingOf(deps: EndingDeps, { kind, repo: id, commit }: CaseRow): Promise<Ending | undefined> {
  const repo = parseRepo(kind, id);
  if (commit === null) return sourceEnding(deps, await deps.inForce.source(repo));
  const state = (await deps.journal.state(repo)).commits.get(commit);
  if (state && state.status !== 'open') return commitEnding(state);
  const row = await deps.index.decisions.get(repo, commit);
  // A person may have accepted it since, and its intake runs.
  if (row?.outcome !== 'denied' || state?.approval) return undefined;
  return { state: 'closed', by: 'policy', reason: 'policy denies it now' };
}

function commitEnding({ status, approval, by, reason }: CommitState): Ending | undefined {
  switch (status) {
    case 'approved':
      return { state: 'approved', by: approval?.by ?? by, reason };
    case 'rejected':
      return { state: 'rejected', by, reason };
    case 'revoked':
      return { state: 'closed', by, reason };
    case 'quarantined':
    case 'open':
      return undefined;
  }
}

async function sourceEnding(
  { rulings }: EndingDeps,
  rule: Awaited<ReturnType<InForce['source']>>,
): Promise<Ending | undefined> {
  if (rule?.mode === 'request') return undefined;
  const isOpen = rule?.mode === 'auto' || rule?.mode === 'review';
  const ruling = rule?.ruling === undefined ? undefined : (await rulings.state()).standing.get(rule.ruling);
  if (ruling) return { state: isOpen ? 'approved' : 'rejected', by: ruling.by, reason: ruling.reason };
  return {
    state: 'closed',
    by: 'policy',
    reason: `the configuration ${isOpen ? 'lets the source in' : 'denies it'} now`,
  };
}
