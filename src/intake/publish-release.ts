// SPDX-License-Identifier: Apache-2.0
import type { ReleaseStatement } from '#src/catalog/publisher.ts';
import type { Decision } from '#src/domain/decision.ts';
import type { Evidence } from '#src/domain/evidence.ts';
import { packEvidence } from '#src/policy/evidence-document.ts';
import { repoUrl } from '#src/upstream/repo-url.ts';
import type { Job, RunDeps } from './job.ts';
import type { IntakeOutcome } from './progress.ts';
import { promote } from './promote.ts';
import type { QuarantinedFolder } from './quarantine.ts';

/** Bytes, bundles, journal entry, in this order: what a reader finds is complete. */
export async function publishRelease(
  deps: RunDeps,
  job: Job,
  evidence: Evidence,
  decision: Decision,
  folder: QuarantinedFolder,
): Promise<IntakeOutcome> {
  const { repo, ref, source, approval } = job;
  const { files, excluded, license, lineage } = evidence;
  const withheldBy = new Map(decision.withheld.map((file) => [file.path, file]));
  const served = files.filter((file) => !withheldBy.has(file.path));
  // Bytes before records: a record names only what is there. Put checks each digest once more.
  await promote(deps.blobs, served, folder);
  const published = await deps.publisher.publish(
    {
      repo,
      commit: source.commit,
      ...(ref === undefined ? {} : { ref }),
      upstream: await upstreamOf(deps, job),
      files: served.map(({ path, size, sha256, gitOid, lfs, scan }) => ({
        path,
        size,
        sha256,
        gitOid,
        ...(lfs === undefined ? {} : { lfs: { pointerSize: lfs.pointerSize } }),
        format: scan.format,
        verdict: scan.verdict,
      })),
      withheld: files.flatMap(({ path, size, sha256 }) => {
        const entry = withheldBy.get(path);
        return entry ? [{ ...entry, size, sha256 }] : [];
      }),
      excluded: excluded.map(({ file, pattern }) => ({ path: file.path, size: file.size, pattern })),
      license,
      ...(lineage === undefined || lineage.bases.length === 0 ? {} : { lineage: lineage.bases }),
      reasons: decision.reasons,
      policyDigest: decision.policyDigest,
      rulesVersion: decision.rulesVersion,
      approver: approval ? { type: 'person', name: approval.by, reason: approval.reason } : { type: 'policy' },
      approvedAt: decision.decidedAt,
    },
    { evidence: packEvidence(evidence) },
  );
  await deps.quarantine.discard(repo, source.commit);
  // A person closed it in the meantime; the journal says who.
  if (!published) return { type: 'closed', commit: source.commit };
  await deps.index.decisions.remove(repo, source.commit);
  return { type: 'approved', commit: source.commit };
}

async function upstreamOf(
  { upstream, publisher }: RunDeps,
  { repo, source, rule }: Job,
): Promise<ReleaseStatement['upstream']> {
  const signed = await upstream.statement?.(source);
  return {
    url: repoUrl(source.upstream?.url ?? upstream.url, source.repo),
    repo: source.repo,
    ...(source.lastModified === undefined ? {} : { lastModified: source.lastModified }),
    ...(source.createdAt === undefined ? {} : { createdAt: source.createdAt }),
    ...((source.gated || source.private) && rule.gated !== 'allow' ? { restricted: true } : {}),
    ...(signed === undefined ? {} : { statement: await publisher.keep(repo, source.commit, signed) }),
  };
}
