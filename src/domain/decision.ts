// SPDX-License-Identifier: Apache-2.0
import type { Sha256 } from './digest.ts';
import type { WithheldFile } from './evidence.ts';
import type { RepoPath } from './path.ts';

export type Outcome = 'approved' | 'held' | 'denied';

/**
 * One reason of a decision. `effect` is what it asks for; the decision's outcome is the strongest effect left.
 * `accepted` names who accepted it by an approval: then it no longer counts, and stays visible.
 */
export interface Reason {
  readonly rule: string;
  readonly effect: 'note' | 'hold' | 'deny';
  readonly message: string;
  readonly path?: RepoPath;
  /** What exactly it is about, where that may be the same in another commit: the digest of custom code. */
  readonly digest?: string;
  /** The scanner rules behind it, sorted: a person's yes covers these and no others. */
  readonly findings?: readonly string[];
  readonly accepted?: string;
}

/** Policy's answer for a snapshot, with every reason kept. */
export interface Decision {
  readonly outcome: Outcome;
  readonly reasons: readonly Reason[];
  readonly withheld: readonly WithheldFile[];
  readonly policyDigest: Sha256;
  readonly rulesVersion: string;
  /** ISO 8601 with `Z`. */
  readonly decidedAt: string;
}

/** A person's yes for one commit: it covers the reasons that the person had seen, named as {@link reasonKey} does. */
export interface Approval {
  readonly by: string;
  readonly at: string;
  readonly reason: string;
  readonly accepts: readonly string[];
}

/** A reason's identity across runs: its rule and, where there is one, its digest or its file. */
export function reasonKey(reason: {
  readonly rule: string;
  readonly path?: string | undefined;
  readonly digest?: string | undefined;
}): string {
  if (reason.digest !== undefined) return `${reason.rule}@sha256:${reason.digest}`;
  return reason.path === undefined ? reason.rule : `${reason.rule}:${reason.path}`;
}
