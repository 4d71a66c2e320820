// SPDX-License-Identifier: Apache-2.0
import type { Outcome } from '#src/domain/decision.ts';
import type { Sha256 } from '#src/domain/digest.ts';
import type { BaseRelation } from '#src/domain/lineage.ts';
import type { RepoKind } from '#src/domain/repo.ts';
import type { CommitSha, Ref } from '#src/domain/revision.ts';

/**
 * The tables as `migrations.ts` makes them. Times are ISO 8601 with `Z` and milliseconds, so that text order is time
 * order. A boolean is 0 or 1.
 */
export interface Tables {
  readonly intakes: IntakeRow;
  readonly decisions: Omit<DecisionRow, 'complete'> & { readonly complete: 0 | 1 };
  readonly refs: RefRow;
  readonly heads: HeadRow;
  readonly facts: FactRow;
  readonly rescans: RescanRow;
  readonly listings: ListingRow;
  readonly tokens: TokenRow;
  readonly alerts: AlertRow;
  readonly watches: WatchRow;
  readonly evidence: EvidenceRow;
  readonly cases: CaseRow;
  readonly caseRequesters: CaseRequesterRow;
  readonly caseNotes: CaseNoteRow;
  readonly notifications: NotificationRow;
  readonly releaseBlobs: ReleaseBlobRow;
  readonly lineage: LineageRow;
  readonly notedReleases: NotedReleaseRow;
  readonly notedRepos: NotedRepoRow;
  readonly auditEvents: AuditEventRow;
  readonly auditChains: AuditChainRow;
}

/** One run from ref to decision, for people and for other replicas to look at. */
export interface IntakeRow {
  readonly id: string;
  readonly kind: RepoKind;
  readonly repo: string;
  readonly commit: CommitSha;
  readonly ref: Ref | null;
  readonly stage: string;
  readonly state: 'running' | 'done' | 'failed';
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly filesDone: number;
  readonly filesTotal: number;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly startedAt: string;
  readonly updatedAt: string;
}

/** Policy's last answer for a commit. `complete`: judged on the whole evidence, not at an early gate. */
export interface DecisionRow {
  readonly kind: RepoKind;
  readonly repo: string;
  readonly commit: CommitSha;
  readonly outcome: Outcome;
  readonly policyDigest: Sha256;
  readonly rulesVersion: string;
  /** JSON: the decision with its reasons, and what a person reads beside it. */
  readonly body: string;
  readonly complete: boolean;
  readonly decidedAt: string;
}

/** What policy's last answer for a commit was decided over, where that was no yes. */
export interface EvidenceRow {
  readonly kind: RepoKind;
  readonly repo: string;
  readonly commit: CommitSha;
  /** The document as gzip and base64: text is what both databases hold the same way. */
  readonly body: string;
  /** When nothing but time stands against it any more; null: something else does. */
  readonly askAgainAt: string | null;
}

/** What upstream said a ref points to, and when. */
export interface RefRow {
  readonly kind: RepoKind;
  readonly repo: string;
  readonly ref: Ref;
  readonly refKind: 'branch' | 'tag' | 'convert' | 'pull';
  readonly commit: CommitSha;
  readonly checkedAt: string;
}

/** The newest entry of a repo's journal that was ever seen here. */
export interface HeadRow {
  readonly repoKey: string;
  readonly seq: number;
  readonly digest: Sha256;
}

/** What an extractor version read in a blob, as JSON. */
interface FactRow {
  readonly sha256: Sha256;
  readonly extractor: string;
  readonly body: string;
}

/** One pass over all releases under one rule set. `report` is JSON; `finishedAt` null: it broke off. */
export interface RescanRow {
  readonly rulesVersion: string;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly report: string;
}

/**
 * A token. Roles and grants are JSON lists; a role that a version does not know opens nothing there. `seal`: see
 * access/token-seal.ts. Null: never.
 */
export interface TokenRow {
  readonly id: string;
  readonly digest: Sha256;
  readonly name: string;
  readonly owner: string;
  readonly roles: string;
  readonly grants: string;
  readonly seal: string;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly expiresAt: string | null;
  readonly lastUsedAt: string | null;
  readonly revokedAt: string | null;
  readonly revokedBy: string | null;
}

/** What a repo is found by, as JSON, as of an entry of its journal; null: nothing of it is listed. */
export interface ListingRow {
  readonly kind: RepoKind;
  readonly repo: string;
  readonly seq: number;
  readonly body: string | null;
}

/**
 * A question for one person, by a number that people can type. `subject` names what it is about, in one spelling;
 * `commit` null: about the source. At most one case of a subject is open.
 */
export interface CaseRow {
  readonly id: number;
  readonly subject: string;
  readonly kind: RepoKind;
  readonly repo: string;
  readonly commit: CommitSha | null;
  readonly state: 'open' | 'approved' | 'rejected' | 'closed';
  /** JSON: a list of sentences. */
  readonly reasons: string;
  readonly openedAt: string;
  readonly openedBy: string;
  /** How often somebody asked, and when last. */
  readonly asked: number;
  readonly askedAt: string;
  readonly assignee: string | null;
  /** 1: somebody wants a second person's yes. */
  readonly twoPeople: 0 | 1;
  readonly updatedAt: string;
  readonly endedBy: string | null;
  readonly endedReason: string | null;
}

/** Who asked for what a case is about: `token:<id>`, `address:<address>`, or `others`. */
export interface CaseRequesterRow {
  readonly caseId: number;
  readonly who: string;
  readonly name: string;
  readonly why: string | null;
  readonly times: number;
  readonly firstAt: string;
  readonly lastAt: string;
}

/** What was said or done about a case. */
export interface CaseNoteRow {
  readonly caseId: number;
  readonly seq: number;
  readonly at: string;
  readonly by: string;
  readonly act: string;
  readonly text: string;
}

/**
 * What one endpoint is told, or was. Ids are in order of time. `pending`: not before `nextAt`. `dead`: given up, until a
 * person says otherwise. `body` is JSON; `lastError` holds no secret.
 */
export interface NotificationRow {
  readonly id: string;
  readonly endpoint: string;
  readonly event: string;
  readonly body: string;
  readonly state: 'pending' | 'sent' | 'dead';
  readonly attempts: number;
  readonly nextAt: string;
  readonly createdAt: string;
  readonly lastError: string | null;
}

/** A release that was made here at some time, and a blob that it holds. */
export interface ReleaseBlobRow {
  readonly sha256: Sha256;
  readonly kind: RepoKind;
  readonly repo: string;
  readonly commit: CommitSha;
}

/** A release, and a model that it says it was made from: `base` is `models/org/name` in lower case. */
export interface LineageRow {
  readonly base: string;
  readonly kind: RepoKind;
  readonly repo: string;
  readonly commit: CommitSha;
  readonly relation: BaseRelation;
  readonly revision: string | null;
}

/** A release whose blobs and bases are in the two tables above, as its statement names them. */
interface NotedReleaseRow {
  readonly kind: RepoKind;
  readonly repo: string;
  readonly commit: CommitSha;
  readonly statement: Sha256;
}

/** How far a repo's journal was read for that. */
interface NotedRepoRow {
  readonly kind: RepoKind;
  readonly repo: string;
  readonly seq: number;
}

/** One event of a signed record: found by any of these, and told from `body`, which is JSON. */
export interface AuditEventRow {
  /** Of the chain, the record in it, and the event in that. */
  readonly chain: string;
  readonly seq: number;
  readonly n: number;
  readonly at: string;
  /** Of an event that covers a stretch of time: its end. */
  readonly last: string;
  readonly type: string;
  readonly actor: string | null;
  readonly owner: string | null;
  readonly address: string | null;
  readonly kind: RepoKind | null;
  readonly repo: string | null;
  readonly commit: CommitSha | null;
  readonly path: string | null;
  readonly sha256: Sha256 | null;
  readonly body: string;
}

/** How far the records of a chain are in {@link AuditEventRow}s. */
export interface AuditChainRow {
  readonly chain: string;
  readonly seq: number;
  readonly digest: Sha256;
}

/** Something that upstream did. `fact` names it, so that it is told once. Null: nobody has acknowledged it. */
export interface AlertRow {
  readonly id: number;
  readonly fact: string;
  readonly type: string;
  readonly kind: RepoKind;
  readonly repo: string;
  readonly ref: Ref | null;
  readonly commit: CommitSha | null;
  readonly message: string;
  readonly raisedAt: string;
  readonly acknowledgedAt: string | null;
  readonly acknowledgedBy: string | null;
  readonly words: string | null;
}

/** When upstream is asked next what became of a ref. */
export interface WatchRow {
  readonly kind: RepoKind;
  readonly repo: string;
  readonly ref: Ref;
  readonly dueAt: string;
}
