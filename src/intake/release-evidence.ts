// SPDX-License-Identifier: Apache-2.0
import type { Catalog } from '#src/catalog/catalog.ts';
import type { ReleaseStatement } from '#src/catalog/publisher.ts';
import { isAirlockError } from '#src/domain/errors.ts';
import type { Evidence, ScannedFile } from '#src/domain/evidence.ts';
import type { SourceManifest } from '#src/domain/manifest.ts';
import { boundedEvidence, isWhole, unpackEvidence } from '#src/policy/evidence-document.ts';
import { publisherOf } from '#src/policy/publisher.ts';

/** What a release was decided over. Undefined: it is of before that was kept, or it can not be read any more. */
export async function keptEvidence(
  catalog: Pick<Catalog, 'evidence'>,
  statement: ReleaseStatement,
): Promise<Evidence | undefined> {
  try {
    const packed = await catalog.evidence(statement);
    const evidence = packed && unpackEvidence(packed);
    return evidence && isWhole(evidence) ? evidence : undefined;
  } catch (error) {
    // Nothing is served by it: a release whose evidence was lost is judged by its bytes as before.
    if (isAirlockError(error, 'record-invalid')) return undefined;
    throw error;
  }
}

/** The evidence of a release with the scans of today: what was kept, or what its statement tells where nothing was. */
export function evidenceAgain(
  kept: Evidence | undefined,
  statement: ReleaseStatement,
  scanned: Pick<Evidence, 'files' | 'code' | 'rulesVersion' | 'now'>,
): Evidence {
  const { code: _, ...before } = kept ?? fromStatement(statement, scanned);
  const today = new Map(scanned.files.map((file) => [file.path, file]));
  return boundedEvidence({
    ...before,
    ...scanned,
    files: before.files.map((file): ScannedFile => today.get(file.path) ?? file),
  });
}

function fromStatement(
  statement: ReleaseStatement,
  { files, rulesVersion, now }: Pick<Evidence, 'files' | 'rulesVersion' | 'now'>,
): Evidence {
  const manifest = manifestOf(statement, files);
  const { license } = statement;
  return { now, manifest, excluded: [], rulesVersion, license, files, publisher: publisherOf(manifest.source) };
}

/** As far as a statement tells: a repo that was open to us alone had a reason that says so. */
function manifestOf({ commit, upstream, reasons }: ReleaseStatement, files: Evidence['files']): SourceManifest {
  const { repo, lastModified, createdAt } = upstream;
  const restricted = upstream.restricted ?? reasons.some(({ rule }) => rule === 'source-restricted');
  const dates = { ...(lastModified && { lastModified }), ...(createdAt && { createdAt }) };
  return { source: { repo, commit, private: false, gated: restricted, ...dates }, files };
}
