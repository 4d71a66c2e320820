// SPDX-License-Identifier: Apache-2.0
import type { Repo } from './repo.ts';
import type { CommitSha, Ref } from './revision.ts';

/** What all announcements say: when, ISO 8601 with `Z`. */
interface Told {
  readonly at: string;
}

/** What happened, and people are told of who did not ask. Nothing is decided by it: the signed records are the truth. */
export type Announcement =
  /** Somebody asks for what needs a person. Without `commit` it is about the source. `reasons` are sentences. */
  | (Told & {
      readonly type: 'case-opened';
      readonly case: number;
      readonly repo: Repo;
      readonly commit?: CommitSha;
      readonly reasons: readonly string[];
    })
  | (Told & {
      readonly type: 'case-decided';
      readonly case: number;
      readonly repo: Repo;
      readonly commit?: CommitSha;
      readonly outcome: 'approved' | 'rejected' | 'closed';
      readonly by: string;
      readonly reason: string;
    })
  /** `subject` is in words: `org/name@1a2b3c4`, `publisher org`, `sha256:...`, `rule pickle-import`. */
  | (Told & {
      readonly type: 'revoked';
      readonly subject: string;
      readonly repo?: Repo;
      readonly commit?: CommitSha;
      readonly ruling?: number;
      readonly by: string;
      readonly reason: string;
    })
  /** `releases` count on the waiver. */
  | (Told & {
      readonly type: 'waiver-expiring' | 'waiver-expired';
      readonly waiver: number;
      readonly rule: string;
      readonly scope: string;
      readonly owner: string;
      readonly expiresAt: string;
      readonly releases: number;
    })
  /** A release no longer passes, and is not served until a person has looked. */
  | (Told & {
      readonly type: 'quarantined';
      readonly repo: Repo;
      readonly commit: CommitSha;
      readonly reason: string;
    })
  /** Upstream did what nobody expected of it; the approved copy stays. */
  | (Told & {
      readonly type: 'upstream-alert';
      readonly alert: number;
      readonly kind: string;
      readonly repo: Repo;
      readonly ref?: Ref;
      readonly commit?: CommitSha;
      readonly message: string;
    });

/** Hand it on. Never throws, and never waits for whoever is told. */
export type Announce = (announcement: Announcement) => void;

/** Every type, with what people are told by it. */
const TOLD: Readonly<Record<Announcement['type'], string>> = {
  'case-opened': 'somebody asks for what needs a person',
  'case-decided': 'a person has decided a case',
  revoked: 'a person has withdrawn what was approved',
  'waiver-expiring': 'a waiver ends soon',
  'waiver-expired': 'a waiver has ended, and what counted on it is on hold',
  quarantined: 'a release no longer passes, and is not served',
  'upstream-alert': 'upstream did what nobody expected of it',
};

export const ANNOUNCEMENT_TYPES = Object.keys(TOLD) as [Announcement['type'], ...Announcement['type'][]];
