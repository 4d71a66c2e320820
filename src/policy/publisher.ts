// SPDX-License-Identifier: Apache-2.0
import type { Reason } from '#src/domain/decision.ts';
import type { EvidenceDocument, PublisherEvidence } from '#src/domain/evidence.ts';
import { globMatcher } from '#src/domain/glob.ts';
import type { Source } from '#src/domain/manifest.ts';
import { printable, type Repo } from '#src/domain/repo.ts';
import { reasonOf } from './reason.ts';
import type { PublisherRules } from './rules.ts';

/** Who stands behind a repo, by upstream's answer about it: the name that upstream uses now, not the one asked for. */
export function publisherOf({ repo, createdAt, lastModified }: Source): PublisherEvidence {
  return {
    namespace: namespaceOf(repo),
    ...(createdAt === undefined ? {} : { oldest: createdAt }),
    ...(lastModified === undefined ? {} : { newest: lastModified }),
  };
}

function namespaceOf({ id }: Repo): string {
  return id.includes('/') ? id.slice(0, id.indexOf('/')) : '';
}

/** The part that a repo's name alone decides. Case does not count, as it does not for the Hub. */
export function judgeNamespace(repo: Repo, { allow, deny, notAllowed }: PublisherRules): Reason[] {
  const namespace = namespaceOf(repo);
  const matches = (patterns: readonly string[]) =>
    patterns.some((pattern) => globMatcher(pattern.toLowerCase())(namespace.toLowerCase()));
  const who = namespace === '' ? 'a repo without a namespace' : `the publisher ${printable(namespace)}`;
  if (matches(deny)) return [reasonOf('publisher-denied', 'deny', `${who} is on the list of those denied`)];
  if (allow.length === 0 || matches(allow)) return [];
  return [reasonOf('publisher-not-allowed', notAllowed, `${who} is not on the list of those allowed`)];
}

const HOUR_MILLISECONDS = 3_600_000;
const LAST_TIME = Date.UTC(9999, 11, 31);

/**
 * Cooling-off: what is new waits until others had time to look at it. Upstream's dates are what there is: that of a commit
 * its author may have chosen, so that a commit counts as no older than its repo, whose date upstream sets. Without a
 * date nobody knows that the time is over.
 */
export function judgeAge(
  { now, manifest }: Pick<EvidenceDocument, 'now' | 'manifest'>,
  rules: PublisherRules,
): Reason[] {
  const { createdAt, lastModified } = manifest.source;
  const commit =
    lastModified && createdAt && Date.parse(createdAt) > Date.parse(lastModified) ? createdAt : lastModified;
  return [
    ...tooYoung('commit-too-young', 'commit', commit, rules.minCommitAgeHours, now),
    ...tooYoung('repo-too-young', 'repo', createdAt, rules.minRepoAgeHours, now),
  ];
}

function tooYoung(
  rule: 'commit-too-young' | 'repo-too-young',
  what: string,
  since: string | undefined,
  hours: number,
  now: string,
): Reason[] {
  if (hours === 0) return [];
  const waits = `the policy waits ${hours} hours`;
  if (since === undefined)
    return [reasonOf(rule, 'hold', `upstream does not say how old the ${what} is, and ${waits}`)];
  // A commit's date is its author's: beyond the year 9999 a time would sort before all others.
  const until = new Date(Math.min(Date.parse(since) + hours * HOUR_MILLISECONDS, LAST_TIME)).toISOString();
  if (Date.parse(until) <= Date.parse(now)) return [];
  return [{ ...reasonOf(rule, 'hold', `the ${what} is of ${since}, and ${waits}: held until ${until}`), until }];
}
