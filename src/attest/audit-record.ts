// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import type { Sha256 } from '#src/domain/digest.ts';
import { sha256Of } from '#src/domain/digest.ts';
import type { RepoPath } from '#src/domain/path.ts';
import type { Repo } from '#src/domain/repo.ts';
import type { CommitSha } from '#src/domain/revision.ts';
import { canonicalJson } from './canonical-json.ts';
import { isPlaced, placeFields } from './chain-fields.ts';
import { commitField, pathField, repoField, sha256Field, sizeField, textField, timeField } from './fields.ts';
import type { PublicKey, Signer } from './signer.ts';
import { openStatement, type StatementKind, signStatement } from './statement.ts';

/** An identifier; nothing is fetched from it. */
const AUDIT_PREDICATE_TYPE = 'https://hub-airlock.dev/attestation/audit-record/v1';

/** Who acts. `via`: by which kind of credential; never the credential. */
export interface AuditActor {
  readonly id: string;
  readonly owner: string;
  readonly roles: readonly string[];
  readonly via: string;
}

/** An administrative act, written before it takes effect. `details` is what was sent, without secrets. */
export interface ActEvent {
  readonly type: 'act';
  /** Names the act for the `failure` that may follow. */
  readonly id: string;
  readonly at: string;
  readonly actor: AuditActor;
  readonly address: string | null;
  readonly requestId: string | null;
  /** Method and route, or the name of what the mirror did of its own. */
  readonly action: string;
  readonly repo: Repo | null;
  readonly commit: CommitSha | null;
  readonly details: Readonly<Record<string, string>>;
}

/** The act had no effect, or not its whole effect. */
export interface FailureEvent {
  readonly type: 'failure';
  readonly at: string;
  readonly act: string;
  readonly code: string;
}

/** A process began to serve: what it was told to do, and which keys it signs with. */
export interface StartEvent {
  readonly type: 'start';
  readonly at: string;
  readonly version: string;
  readonly configuration: readonly string[];
  /** sha256 of the policy and the sources in the configuration. */
  readonly policyDigest: Sha256;
  readonly approvalKey: string;
  readonly evidenceKey: string;
}

interface StopEvent {
  readonly type: 'stop';
  readonly at: string;
}

/** This writer went over to a new chain, because the one before does not end as it was left. */
interface BrokenEvent {
  readonly type: 'chain-broken';
  readonly at: string;
  readonly chain: string;
  readonly problem: string;
}

/** Who was served a file of a release, in one stretch of time: so many answers of each kind. */
export interface AccessEvent {
  readonly type: 'access';
  /** The first and the last of them. */
  readonly at: string;
  readonly last: string;
  /** Of the token, and whose it is; null for a stranger on an open mirror. */
  readonly actor: string | null;
  readonly owner: string | null;
  readonly address: string | null;
  readonly repo: Repo;
  readonly commit: CommitSha;
  readonly path: RepoPath;
  readonly sha256: Sha256;
  /** Answers with the whole file, and with a part of it. */
  readonly whole: number;
  readonly part: number;
  /** URLs of the store that were given out: who has one, has the file. */
  readonly issued: number;
  /** HEAD: asked for, and no byte of it sent. */
  readonly asked: number;
  /** What these answers promised; a client that went away early got fewer. */
  readonly bytes: number;
}

/** Requests that were turned away for who sent them, in one stretch of time. */
export interface RefusalEvent {
  readonly type: 'refusal';
  readonly at: string;
  readonly last: string;
  readonly status: number;
  readonly count: number;
  /** Null: many different ones, which are not told apart. */
  readonly actor: string | null;
  readonly address: string | null;
}

/** Answers that could not be counted, because the store did not take what was counted before. */
interface UncountedEvent {
  readonly type: 'uncounted';
  readonly at: string;
  readonly answers: number;
}

/** The records of this chain up to `through` were kept for long enough, and are removed; `digest` is of the last of them. */
interface CheckpointEvent {
  readonly type: 'checkpoint';
  readonly at: string;
  readonly through: number;
  readonly digest: Sha256;
}

export type AuditEvent =
  | AccessEvent
  | RefusalEvent
  | UncountedEvent
  | CheckpointEvent
  | ActEvent
  | FailureEvent
  | StartEvent
  | StopEvent
  | BrokenEvent;

/** What a chain holds: `acts`, and apart from them, because it may be kept for a shorter time, who was served what. */
export type ChainKind = 'acts' | 'accesses';

/**
 * One signed, numbered record of an audit chain, which one process writes. `seq` counts from 1 without gaps and `previous`
 * is the sha256 of the record before it, as stored.
 */
export interface AuditRecord {
  readonly kind: ChainKind;
  readonly writer: string;
  readonly seq: number;
  readonly previous: Sha256 | null;
  readonly at: string;
  readonly events: readonly AuditEvent[];
}

const orNull = <T extends z.ZodType>(field: T) => field.nullable();
const actorField = z.strictObject({ id: textField, owner: textField, roles: z.array(textField), via: textField });

const eventSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('act'),
    id: textField,
    at: timeField,
    actor: actorField,
    address: orNull(textField),
    requestId: orNull(textField),
    action: textField,
    repo: orNull(repoField),
    commit: orNull(commitField),
    details: z.record(z.string(), z.string()),
  }),
  z.strictObject({ type: z.literal('failure'), at: timeField, act: textField, code: textField }),
  z.strictObject({
    type: z.literal('start'),
    at: timeField,
    version: textField,
    configuration: z.array(z.string()),
    policyDigest: sha256Field,
    approvalKey: textField,
    evidenceKey: textField,
  }),
  z.strictObject({
    type: z.literal('access'),
    at: timeField,
    last: timeField,
    actor: orNull(textField),
    owner: orNull(textField),
    address: orNull(textField),
    repo: repoField,
    commit: commitField,
    path: pathField,
    sha256: sha256Field,
    whole: sizeField,
    part: sizeField,
    issued: sizeField,
    asked: sizeField,
    bytes: sizeField,
  }),
  z.strictObject({
    type: z.literal('refusal'),
    at: timeField,
    last: timeField,
    status: sizeField,
    count: sizeField,
    actor: orNull(textField),
    address: orNull(textField),
  }),
  z.strictObject({
    type: z.literal('checkpoint'),
    at: timeField,
    through: z.int().positive(),
    digest: sha256Field,
  }),
  z.strictObject({ type: z.literal('uncounted'), at: timeField, answers: sizeField }),
  z.strictObject({ type: z.literal('stop'), at: timeField }),
  z.strictObject({ type: z.literal('chain-broken'), at: timeField, chain: textField, problem: textField }),
]);

const recordSchema: z.ZodType<AuditRecord> = z
  .strictObject({
    kind: z.enum(['acts', 'accesses']),
    writer: z.string().regex(/^[0-9a-f]{16}$/, 'a writer is 16 hex digits'),
    ...placeFields,
    at: timeField,
    events: z.array(eventSchema).min(1),
  })
  .refine(isPlaced, 'only the first record has no previous one');

const KIND: StatementKind<AuditRecord> = {
  name: 'audit record',
  predicateType: AUDIT_PREDICATE_TYPE,
  predicate: recordSchema,
  subjectOf: ({ kind, writer, seq, events }) => [
    { name: `audit/${kind}/${writer}/${seq}`, digest: { sha256: sha256Of(canonicalJson(events)) } },
  ],
  // What happened is no yes: the evidence key signs it, whatever it tells of.
  roleOf: () => 'evidence',
};

/** @throws AirlockError record-invalid, limit-exceeded */
export function signAuditRecord(signer: Signer, record: AuditRecord): Promise<Buffer> {
  return signStatement(signer, KIND, record);
}

/** @throws AirlockError signature-invalid, record-invalid */
export function openAuditRecord(bytes: Uint8Array, keys: readonly PublicKey[]): AuditRecord {
  return openStatement(bytes, keys, KIND);
}
