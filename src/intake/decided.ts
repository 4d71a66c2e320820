// SPDX-License-Identifier: Apache-2.0
import type { Catalog } from '#src/catalog/catalog.ts';
import type { CommitState, RepoState } from '#src/catalog/repo-state.ts';
import type { Standing } from '#src/catalog/standing.ts';
import type { Reason } from '#src/domain/decision.ts';
import { parseRepo, type Repo } from '#src/domain/repo.ts';
import type { CommitSha } from '#src/domain/revision.ts';
import type { Index } from '#src/index/index.ts';
import { applyCodeApprovals } from '#src/policy/custom-code.ts';
import { policyDigest } from '#src/policy/digest.ts';
import { closedSource } from '#src/policy/evaluate.ts';
import { ADAPTER_RULE } from '#src/policy/lineage.ts';
import type { Limits, PolicyRules } from '#src/policy/rules.ts';
import type { Scanner } from '#src/scan/scanner.ts';
import type { Upstream } from '#src/upstream/upstream.ts';
import type { InForce } from './in-force.ts';
import { isBaseApproved } from './lineage.ts';
import type { IntakeOutcome } from './progress.ts';
import type { StoredDecision } from './stored-decision.ts';

export type Refused = Extract<IntakeOutcome, { type: 'refused' }>;
export type Closed = Extract<IntakeOutcome, { type: 'closed' }>;

export interface DecidedDeps {
  readonly index: Pick<Index, 'decisions'>;
  readonly upstream: Pick<Upstream, 'fingerprint'>;
  readonly inForce: InForce;
  readonly rules: PolicyRules;
  readonly limits: Limits;
  readonly scanner: Pick<Scanner, 'rulesVersion'>;
  readonly catalog: Pick<Catalog, 'find'>;
  readonly now: () => Date;
}

/** The refusal that needs no upstream: the repo or its publisher was revoked, no source matches, or the one that does says no, or not before a person does. */
export async function closedByName(
  deps: DecidedDeps,
  asked: Repo,
  upstream: Repo,
  { revocations }: Standing,
): Promise<Refused | undefined> {
  const rule = await deps.inForce.source(asked, upstream);
  const context = {
    limits: deps.limits,
    rulesVersion: deps.scanner.rulesVersion,
    now: deps.now().toISOString(),
    revoked: { names: [asked, upstream], revocations },
  };
  const decision = closedSource(rule, upstream, deps.rules, context);
  return decision && { type: 'refused', decision, ...(decision.outcome === 'held' && { source: upstream }) };
}

/** What a person closed stays closed until a person opens it. */
export function closedByPerson(commit: CommitSha, state: CommitState | undefined): Closed | undefined {
  if (state?.status !== 'rejected' && state?.status !== 'revoked') return undefined;
  const { status, by, at, reason } = state;
  return { type: 'closed', commit, closing: { status, by, at, reason } };
}

/** A refusal by policy holds as long as policy, scanner rules, upstreams, approvals and rulings are those of then. */
export async function stillRefused(
  deps: DecidedDeps,
  repo: Repo,
  commit: CommitSha,
  commits: RepoState['commits'],
  { revocations }: Standing,
): Promise<Refused | undefined> {
  const state = commits.get(commit);
  const row = await deps.index.decisions.get(repo, commit);
  if (!row || row.outcome === 'approved' || row.rulesVersion !== deps.scanner.rulesVersion) return undefined;
  const { decision, approvalAt, upstreamId, upstreams } = JSON.parse(row.body) as StoredDecision;
  const rule = await deps.inForce.source(repo, parseRepo(repo.kind, upstreamId));
  if (row.policyDigest !== policyDigest(deps.rules, rule, deps.limits)) return undefined;
  if (state?.approval?.at !== approvalAt) return undefined;
  if (upstreams !== undefined && upstreams !== deps.upstream.fingerprint) return undefined;
  // What waited for a time has waited long enough.
  const time = deps.now().toISOString();
  if (decision.reasons.some(({ until }) => until !== undefined && until <= time)) return undefined;
  if (decision.reasons.some(({ rule: id, ruling }) => id === 'revoked' && !revocations.stands(ruling ?? 0)))
    return undefined;
  // Somebody has approved the same code for another commit since.
  const now = applyCodeApprovals(decision.reasons, await deps.inForce.code(commits));
  if (now.some(({ accepted }, i) => accepted !== decision.reasons[i]?.accepted)) return undefined;
  if (await hasNewBase(deps, decision.reasons)) return undefined;
  return { type: 'refused', commit, decision };
}

/** A base that an adapter waited for was approved since. */
async function hasNewBase({ catalog }: DecidedDeps, reasons: readonly Reason[]): Promise<boolean> {
  for (const { rule, effect, findings = [] } of reasons)
    if (rule === ADAPTER_RULE && effect === 'hold')
      for (const base of findings) if (await isBaseApproved(catalog, base)) return true;
  return false;
}
