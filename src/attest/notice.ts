// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import type { GitOid, Sha256 } from '#src/domain/digest.ts';
import type { RepoPath } from '#src/domain/path.ts';
import type { Repo } from '#src/domain/repo.ts';
import type { CommitSha } from '#src/domain/revision.ts';
import type { RevocationScope } from '#src/domain/ruling.ts';
import {
  commitField,
  gitOidField,
  pathField,
  repoField,
  sha256Field,
  sizeField,
  textField,
  timeField,
} from './fields.ts';
import { digestScope, publisherScope, repoScope, ruleScope } from './scope-fields.ts';
import type { PublicKey, Signer } from './signer.ts';
import { openStatement, type StatementKind, signStatement } from './statement.ts';

/** An identifier; nothing is fetched from it. */
const NOTICE_PREDICATE_TYPE = 'https://hub-airlock.dev/attestation/revocation-notice/v1';

/** What a revocation speaks of. */
type RevokedScope = { readonly type: 'commit'; readonly repo: Repo; readonly commit: CommitSha } | RevocationScope;

/** `ruling` is its number among the rulings of the house; a revocation of one commit stands in the repo's journal. */
interface NoticedRevocation {
  readonly scope: RevokedScope;
  readonly ruling?: number;
  readonly by: string;
  readonly at: string;
  readonly reason: string;
}

/** `revocation` is a place in the notice's list, as `release` is below. */
interface NoticedRelease {
  readonly repo: Repo;
  readonly commit: CommitSha;
  readonly revocation: number;
}

export interface NoticedFile {
  readonly sha256: Sha256;
  /** What a cache calls the file where it is not in LFS. */
  readonly gitOid?: GitOid;
  readonly size?: number;
  readonly revocation: number;
  /** The mirror serves the same bytes in another release: a license, a tokenizer. Only the places say that it is revoked. */
  readonly served: boolean;
  readonly places: readonly { readonly release: number; readonly path: RepoPath }[];
}

/** What was revoked, for who has copies: whole repos and publishers, commits, and files by their digests. */
export interface Notice {
  readonly at: string;
  /** What it is about, in words. */
  readonly about: string;
  readonly revocations: readonly NoticedRevocation[];
  readonly releases: readonly NoticedRelease[];
  readonly files: readonly NoticedFile[];
}

const scopeSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('commit'), repo: repoField, commit: commitField }),
  repoScope,
  publisherScope,
  digestScope,
  ruleScope,
]);

const noticeSchema: z.ZodType<Notice> = z
  .strictObject({
    at: timeField,
    about: textField,
    revocations: z.array(
      z.strictObject({
        scope: scopeSchema,
        ruling: z.int().positive().exactOptional(),
        by: textField,
        at: timeField,
        reason: textField,
      }),
    ),
    releases: z.array(z.strictObject({ repo: repoField, commit: commitField, revocation: sizeField })),
    files: z.array(
      z.strictObject({
        sha256: sha256Field,
        gitOid: gitOidField.exactOptional(),
        size: sizeField.exactOptional(),
        revocation: sizeField,
        served: z.boolean(),
        places: z.array(z.strictObject({ release: sizeField, path: pathField })),
      }),
    ),
  })
  .refine(pointsInside, 'it points to a revocation or release that it does not list');

function pointsInside({ revocations, releases, files }: Notice): boolean {
  return (
    [...releases, ...files].every(({ revocation }) => revocation < revocations.length) &&
    files.every(({ places }) => places.every(({ release }) => release < releases.length))
  );
}

const KIND: StatementKind<Notice> = {
  name: 'revocation notice',
  predicateType: NOTICE_PREDICATE_TYPE,
  predicate: noticeSchema,
  subjectOf: ({ files }) => files.map(({ sha256 }) => ({ name: sha256, digest: { sha256 } })),
  roleOf: () => 'evidence',
};

/** @throws AirlockError record-invalid; limit-exceeded: it names too many files for one notice */
export function signNotice(signer: Signer, notice: Notice): Promise<Buffer> {
  return signStatement(signer, KIND, notice);
}

/** @throws AirlockError signature-invalid, also when the approval key signed it; record-invalid */
export function openNotice(bytes: Uint8Array, keys: readonly PublicKey[]): Notice {
  return openStatement(bytes, keys, KIND);
}
