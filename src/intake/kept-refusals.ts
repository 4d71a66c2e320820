// SPDX-License-Identifier: Apache-2.0
import { type Decision, endsAt } from '#src/domain/decision.ts';
import type { EvidenceDocument } from '#src/domain/evidence.ts';
import type { Repo } from '#src/domain/repo.ts';
import type { CommitSha } from '#src/domain/revision.ts';
import type { Index } from '#src/index/index.ts';
import { packEvidence } from '#src/policy/evidence-document.ts';

/** A row of the index is for a person's question and no record: what is larger than this is not kept there. */
const MAX_PACKED_BYTES = 4 * 2 ** 20;

/** Keep what a refusal was decided over. A document that is too large leaves none, not that of an earlier decision. */
export async function keepEvidence(
  index: Pick<Index, 'evidence'>,
  repo: Repo,
  commit: CommitSha,
  evidence: EvidenceDocument,
  { reasons }: Decision,
): Promise<void> {
  const packed = packEvidence(evidence);
  const body = packed && packed.length <= MAX_PACKED_BYTES ? packed.toString('base64') : '';
  await index.evidence.put({ kind: repo.kind, repo: repo.id, commit, body, askAgainAt: endsAt(reasons) ?? null });
}
