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
  /** When it ends by itself, ISO 8601 with `Z` and milliseconds. */
  readonly until?: string;
  readonly accepted?: string;
  /** Number of the ruling that it comes from, or that accepts it. */
  readonly ruling?: number;
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

/** A person's yes for one commit: it covers the reasons that the person had seen, named as {@link acceptanceOf} does. */
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

/** How a yes to this reason is recorded: its key, with the scanner rules that the person saw behind the rule. */
export function acceptanceOf(reason: Reason): string {
  const { rule, findings = [] } = reason;
  const key = reasonKey(reason);
  return findings.length === 0 ? key : `${rule}[${findings.join(',')}]${key.slice(rule.length)}`;
}

/**
 * Whether one of these acceptances covers the reason: by its key alone, or with scanner rules of which it names no other.
 * A rule id holds no bracket, so that no path can pass for a list of rules.
 */
export function isAccepted(reason: Reason, accepts: readonly string[]): boolean {
  const { rule, findings = [] } = reason;
  const key = reasonKey(reason);
  const rest = key.slice(rule.length);
  return accepts.some((entry) => {
    if (entry === key) return true;
    // The first bracket that closes: what follows is the path as a whole, whatever it holds.
    const close = entry.indexOf(']');
    if (!entry.startsWith(`${rule}[`) || entry.slice(close + 1) !== rest) return false;
    const seen = new Set(entry.slice(rule.length + 1, close).split(','));
    return findings.every((one) => seen.has(one));
  });
}

/** When nothing stands against it any more but what ends by itself; undefined where something else does. */
export function endsAt(reasons: readonly Reason[]): string | undefined {
  const open = reasons.filter(({ effect, accepted }) => effect !== 'note' && accepted === undefined);
  const ends = open.flatMap(({ until }) => until ?? []).sort();
  return open.length === 0 || ends.length < open.length ? undefined : ends.at(-1);
}
