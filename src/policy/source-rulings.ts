// SPDX-License-Identifier: Apache-2.0
import type { Repo } from '#src/domain/repo.ts';
import { matchesRepo } from '#src/domain/repo-pattern.ts';
import type { Ruling, RulingEvent, SourceTerms } from '#src/domain/ruling.ts';
import type { SourceRule } from './rules.ts';
import { matchSource } from './sources.ts';

export type SourceRuling = Ruling<Extract<RulingEvent, { type: 'source' }>>;

/**
 * The source of a repo, as the configuration and people's rulings say together. A ruling comes before the patterns of the
 * configuration, and opens nothing that they deny or do not name: who wants it asked for writes `mode: request` there.
 * Of several rulings a denial wins, then the one that names the repo, then the newest. What the configuration says of
 * one repo by its name, a yes to its whole organisation does not change.
 */
export function sourceInForce(
  sources: readonly SourceRule[],
  rulings: readonly SourceRuling[],
  repo: Repo,
  now: Date,
): SourceRule | undefined {
  const configured = matchSource(sources, repo);
  if (!configured || configured.mode === 'deny') return configured;
  const ruling = rulings
    .filter(({ event }) => matchesRepo(event.match, event.kinds, repo) && holds(event, now))
    .filter(({ event }) => event.mode === 'deny' || !isPattern(event.match) || isPattern(configured.match))
    .toSorted((a, b) => weight(b) - weight(a) || b.number - a.number)[0];
  return ruling ? ruledSource(configured, ruling) : configured;
}

/** Whether its time has not come. A time that can not be read is over: less comes in then. */
function holds({ expiresAt, mode }: SourceTerms, now: Date): boolean {
  if (expiresAt === null) return true;
  const end = Date.parse(expiresAt);
  return Number.isNaN(end) ? mode === 'deny' : now.getTime() < end;
}

function weight({ event: { mode, match } }: SourceRuling): number {
  return (mode === 'deny' ? 2 : 0) + (isPattern(match) ? 0 : 1);
}

function isPattern(match: string): boolean {
  return match.includes('*');
}

/** Where it comes from, and how many people it takes, are for the configuration alone. */
function ruledSource(configured: SourceRule, { number, by, reason, event }: SourceRuling): SourceRule {
  const { match, kinds, mode, include, exclude, gated } = event;
  const words = mode === 'deny' ? { reason: `${reason} (${by}, ruling ${number})` } : {};
  return { ...configured, match, kinds, mode, include, exclude, gated, ...words, ruling: number };
}
