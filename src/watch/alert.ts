// SPDX-License-Identifier: Apache-2.0
import type { CommitSha, Ref } from '#src/domain/revision.ts';

/**
 * What upstream may do that nobody expects of it. Whatever it is, the approved copy stays.
 * `commit-withdrawn`: upstream is there, and does not give out the commit any more (another mirror revoked it).
 */
export const ALERT_TYPES = [
  'force-push',
  'tag-moved',
  'ref-vanished',
  'commit-vanished',
  'commit-withdrawn',
  'repo-vanished',
  'repo-renamed',
  'repo-gated',
  'repo-private',
] as const;
export type AlertType = (typeof ALERT_TYPES)[number];

/** Something that was found out, once. What makes it another fact is in `about`. */
export interface Fact {
  readonly type: AlertType;
  readonly ref?: Ref;
  readonly commit?: CommitSha;
  readonly about: string;
  /** A sentence for people. */
  readonly message: string;
}
