// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import type { Sha256 } from '#src/domain/digest.ts';
import { type Repo, repoKey } from '#src/domain/repo.ts';
import type { CommitSha, Ref } from '#src/domain/revision.ts';
import { actFields, isPlaced, placeFields } from './chain-fields.ts';
import { commitField, refField, repoField, sha256Field, textField } from './fields.ts';
import type { KeyRole, PublicKey, Signer } from './signer.ts';
import { openStatement, type StatementKind, signStatement } from './statement.ts';

/** An identifier; nothing is fetched from it. */
const JOURNAL_PREDICATE_TYPE = 'https://hub-airlock.dev/attestation/journal-entry/v1';

/** Something that happened to one commit of a repo. `statement` is the sha256 of the release statement's bundle. */
export type JournalEvent =
  | { readonly type: 'release'; readonly commit: CommitSha; readonly statement: Sha256 }
  | {
      readonly type: 'pin';
      readonly ref: Ref;
      readonly refKind: 'branch' | 'tag' | 'convert' | 'pull';
      readonly commit: CommitSha;
    }
  | { readonly type: 'approval'; readonly commit: CommitSha; readonly accepts: readonly string[] }
  | { readonly type: 'rejection'; readonly commit: CommitSha }
  | { readonly type: 'revocation'; readonly commit: CommitSha }
  /** New scanner rules no longer let the release pass. `rulesVersion` names them. */
  | { readonly type: 'quarantine'; readonly commit: CommitSha; readonly rulesVersion: string };

/**
 * One signed, numbered record of a repo's journal. `seq` counts from 1 without gaps and `previous` is the sha256 of the
 * entry before it, as stored: so no entry can be dropped, moved or replaced without the ones after it showing it.
 */
export interface JournalEntry {
  readonly repo: Repo;
  readonly seq: number;
  readonly previous: Sha256 | null;
  /** ISO 8601 with `Z`. */
  readonly at: string;
  readonly by: string;
  readonly reason: string;
  readonly event: JournalEvent;
}

/** The approval key says yes, the evidence key says no: neither can be made to speak for the other. */
const ROLE_OF: Readonly<Record<JournalEvent['type'], KeyRole>> = {
  release: 'approval',
  pin: 'approval',
  approval: 'approval',
  rejection: 'evidence',
  revocation: 'evidence',
  quarantine: 'evidence',
};

const eventSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('release'), commit: commitField, statement: sha256Field }),
  z.strictObject({
    type: z.literal('pin'),
    ref: refField,
    refKind: z.enum(['branch', 'tag', 'convert', 'pull']),
    commit: commitField,
  }),
  z.strictObject({ type: z.literal('approval'), commit: commitField, accepts: z.array(textField) }),
  z.strictObject({ type: z.literal('rejection'), commit: commitField }),
  z.strictObject({ type: z.literal('revocation'), commit: commitField }),
  z.strictObject({ type: z.literal('quarantine'), commit: commitField, rulesVersion: textField }),
]);

const entrySchema: z.ZodType<JournalEntry> = z
  .strictObject({ repo: repoField, ...placeFields, ...actFields, event: eventSchema })
  .refine(isPlaced, 'only the first entry has no previous one');

const KIND: StatementKind<JournalEntry> = {
  name: 'journal entry',
  predicateType: JOURNAL_PREDICATE_TYPE,
  predicate: entrySchema,
  subjectOf: ({ repo, event }) => [{ name: repoKey(repo), digest: { gitCommit: event.commit } }],
  roleOf: ({ event }) => ROLE_OF[event.type],
};

/** Sign an entry with the key of the role that its event needs. @throws AirlockError record-invalid, limit-exceeded */
export async function signJournalEntry(
  signers: Readonly<Record<KeyRole, Signer>>,
  entry: JournalEntry,
): Promise<Buffer> {
  return signStatement(signers[ROLE_OF[entry.event.type]], KIND, entry);
}

/** @throws AirlockError signature-invalid, also when the other role's key signed it; record-invalid */
export function openJournalEntry(bytes: Uint8Array, keys: readonly PublicKey[]): JournalEntry {
  return openStatement(bytes, keys, KIND);
}
