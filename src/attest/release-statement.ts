// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import type { Reason } from '#src/domain/decision.ts';
import type { Sha256 } from '#src/domain/digest.ts';
import type { ExcludedFile, LicenseEvidence, WithheldFile } from '#src/domain/evidence.ts';
import { BASE_RELATIONS, type Base } from '#src/domain/lineage.ts';
import type { RepoPath } from '#src/domain/path.ts';
import type { ReleaseFile } from '#src/domain/release.ts';
import type { Repo } from '#src/domain/repo.ts';
import type { CommitSha, Ref } from '#src/domain/revision.ts';
import { isSortedByPath, sortByPath } from './by-path.ts';
import {
  commitField,
  gitOidField,
  pathField,
  refField,
  repoField,
  sha256Field,
  sizeField,
  textField,
  timeField,
} from './fields.ts';
import type { PublicKey, Signer } from './signer.ts';
import { openStatement, type StatementKind, type Subject, signStatement } from './statement.ts';

/** An identifier; nothing is fetched from it. */
const RELEASE_PREDICATE_TYPE = 'https://hub-airlock.dev/attestation/release/v1';

/** A file that the release serves, with what the scan said of it. */
export interface ServedFile extends ReleaseFile {
  readonly format: string;
}

/** A file that was pulled and checked, and that policy withheld. */
export interface WithheldEntry extends WithheldFile {
  readonly size: number;
  readonly sha256: Sha256;
}

/** A file that the source's patterns left out: never pulled, so known by name and size alone. */
export interface ExcludedEntry {
  readonly path: RepoPath;
  readonly size: number;
  readonly pattern: ExcludedFile['pattern'];
}

/** Whose yes it was: policy's own, or a person's. */
export type Approver =
  | { readonly type: 'policy' }
  | { readonly type: 'person'; readonly name: string; readonly reason: string };

/** All that an approval binds together. `ref` is what was asked for, where it was a ref. */
export interface ReleaseStatement {
  readonly repo: Repo;
  readonly commit: CommitSha;
  readonly ref?: Ref;
  /**
   * `repo` is upstream's own name for it, which is another where the repo was renamed. The address of a repo that came
   * from a folder is `folder://<name of the upstream>/...`.
   */
  readonly upstream: {
    readonly url: string;
    readonly repo: Repo;
    readonly lastModified?: string;
    readonly createdAt?: string;
    /** Gated or private there, and not opened to everyone: for tokens that were granted it. */
    readonly restricted?: true;
    /** sha256 of the signed statement that came with it, where upstream signs any: kept beside this one. */
    readonly statement?: Sha256;
  };
  readonly files: readonly ServedFile[];
  readonly withheld: readonly WithheldEntry[];
  readonly excluded: readonly ExcludedEntry[];
  readonly license: LicenseEvidence;
  /** Models that it says it was made from; of older releases, and where nothing says so, not there. */
  readonly lineage?: readonly Base[];
  /** Every reason of the decision; what holds or denies must have been accepted by somebody. */
  readonly reasons: readonly Reason[];
  readonly policyDigest: Sha256;
  readonly rulesVersion: string;
  readonly approver: Approver;
  readonly approvedAt: string;
  /** sha256 of the model signature's bundle. */
  readonly modelSignature: Sha256;
  /** sha256 of the record that holds the evidence it was decided over. Releases of earlier versions have none. */
  readonly evidence?: Sha256;
}

const foundLicense = z.strictObject({
  path: pathField,
  found: z.array(
    z.strictObject({
      name: textField,
      by: z.enum(['text', 'title', 'tag', 'key']),
      at: textField.exactOptional(),
    }),
  ),
  words: sizeField.exactOptional(),
  unexplained: sizeField.exactOptional(),
});

const releaseSchema: z.ZodType<ReleaseStatement> = z
  .strictObject({
    repo: repoField,
    commit: commitField,
    ref: refField.exactOptional(),
    upstream: z.strictObject({
      url: z.url({ protocol: /^(?:https?|folder)$/ }),
      repo: repoField,
      lastModified: timeField.exactOptional(),
      createdAt: timeField.exactOptional(),
      restricted: z.literal(true).exactOptional(),
      statement: sha256Field.exactOptional(),
    }),
    files: byPath(
      z.strictObject({
        path: pathField,
        size: sizeField,
        sha256: sha256Field,
        gitOid: gitOidField,
        lfs: z.strictObject({ pointerSize: sizeField }).exactOptional(),
        format: textField,
        verdict: z.enum(['pass', 'review', 'block', 'unscannable']),
      }),
    ).min(1),
    withheld: byPath(
      z.strictObject({ path: pathField, size: sizeField, sha256: sha256Field, rule: textField, message: textField }),
    ),
    excluded: byPath(z.strictObject({ path: pathField, size: sizeField, pattern: textField })),
    license: z.strictObject({
      declared: z.array(z.string()),
      name: z.string().exactOptional(),
      link: z.string().exactOptional(),
      from: textField,
      found: z.array(foundLicense).exactOptional(),
      foundLeftOff: sizeField.exactOptional(),
    }),
    lineage: z
      .array(
        z.strictObject({
          repo: repoField,
          relation: z.enum(BASE_RELATIONS),
          revision: textField.exactOptional(),
        }),
      )
      .exactOptional(),
    reasons: z.array(
      z
        .strictObject({
          rule: textField,
          effect: z.enum(['note', 'hold', 'deny']),
          message: textField,
          path: pathField.exactOptional(),
          digest: textField.exactOptional(),
          findings: z.array(textField).exactOptional(),
          until: timeField.exactOptional(),
          accepted: textField.exactOptional(),
          ruling: z.int().positive().exactOptional(),
        })
        .refine(isSettled, 'it stands against the release and nobody accepted it'),
    ),
    policyDigest: sha256Field,
    rulesVersion: textField,
    approver: z.discriminatedUnion('type', [
      z.strictObject({ type: z.literal('policy') }),
      z.strictObject({ type: z.literal('person'), name: textField, reason: textField }),
    ]),
    approvedAt: timeField,
    modelSignature: sha256Field,
    evidence: sha256Field.exactOptional(),
  })
  .refine(isDisjoint, 'a path is listed as served, withheld or excluded more than once');

const KIND: StatementKind<ReleaseStatement> = {
  name: 'release statement',
  predicateType: RELEASE_PREDICATE_TYPE,
  predicate: releaseSchema,
  subjectOf: ({ files }) => files.map(subjectOf),
  roleOf: () => 'approval',
};

/**
 * Sign a release with the approval key. The lists of files are sorted here; the same release always gives the same
 * payload. @throws AirlockError record-invalid when it could not be opened again, limit-exceeded, signature-invalid
 */
export async function signReleaseStatement(signer: Signer, release: ReleaseStatement): Promise<Buffer> {
  return signStatement(signer, KIND, {
    ...release,
    files: sortByPath(release.files),
    withheld: sortByPath(release.withheld),
    excluded: sortByPath(release.excluded),
  });
}

/** @throws AirlockError signature-invalid, record-invalid */
export function openReleaseStatement(bytes: Uint8Array, keys: readonly PublicKey[]): ReleaseStatement {
  return openStatement(bytes, keys, KIND);
}

/** `gitBlob` is named only where the git blob is the file itself, and not the pointer that stands for it. */
function subjectOf(file: ServedFile): Subject {
  const gitBlob = file.lfs ? {} : { gitBlob: file.gitOid };
  return { name: file.path, digest: { sha256: file.sha256, ...gitBlob } };
}

function byPath<T extends z.ZodType<{ readonly path: RepoPath }>>(entry: T) {
  return z.array(entry).refine(isSortedByPath, 'it is not sorted by path, or names a path twice');
}

function isSettled(reason: Reason): boolean {
  return reason.effect === 'note' || reason.accepted !== undefined;
}

function isDisjoint(release: ReleaseStatement): boolean {
  const paths = [release.files, release.withheld, release.excluded].flatMap((list) => list.map(({ path }) => path));
  return new Set(paths).size === paths.length;
}
