// SPDX-License-Identifier: Apache-2.0
import type { Decision } from '#src/domain/decision.ts';
import type { EvidenceDocument } from '#src/domain/evidence.ts';
import type { Job, RunDeps } from './job.ts';
import { keepEvidence } from './kept-refusals.ts';
import type { IntakeOutcome } from './progress.ts';
import { storedDecision } from './stored-decision.ts';

/**
 * Held bytes stay in quarantine, so that an approval need not pull them again; denied bytes go at once. `evidence` is
 * missing where upstream's listing was none.
 */
export async function refuse(
  deps: RunDeps,
  job: Job,
  decision: Decision,
  evidence?: EvidenceDocument,
): Promise<IntakeOutcome> {
  const { repo, source } = job;
  const { fingerprint } = deps.upstream;
  const files = evidence?.files ?? [];
  const stored = storedDecision(decision, source.repo.id, job.approval, evidence?.license, files);
  // First: a crash between the two leaves evidence that nobody looks at.
  if (evidence) await keepEvidence(deps.index, repo, source.commit, evidence, decision);
  await deps.index.decisions.put({
    kind: repo.kind,
    repo: repo.id,
    commit: source.commit,
    outcome: decision.outcome,
    policyDigest: decision.policyDigest,
    rulesVersion: decision.rulesVersion,
    complete: files.length > 0,
    decidedAt: decision.decidedAt,
    body: JSON.stringify({ ...stored, ...(fingerprint === undefined ? {} : { upstreams: fingerprint }) }),
  });
  if (decision.outcome === 'denied') await deps.quarantine.discard(repo, source.commit);
  return { type: 'refused', commit: source.commit, decision };
}
