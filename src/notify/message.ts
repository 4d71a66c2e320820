// SPDX-License-Identifier: Apache-2.0
import type { Announcement } from '#src/domain/announcement.ts';
import { repoName } from '#src/domain/repo.ts';
import { shortSha } from '#src/domain/revision.ts';
import { oneLine, shortened } from './words.ts';

/**
 * What an endpoint is sent, whatever its format. Kept as JSON in the outbox. `type`: an announcement's, `digest`, or
 * `test`.
 */
export interface Message {
  readonly type: string;
  /** When it happened: ISO 8601 with `Z`. */
  readonly timestamp: string;
  /** One line for people, with the link. */
  readonly text: string;
  /** What belongs together: messages of one thread have the same. */
  readonly thread?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Where people read on, below the mirror's public URL. */
export type LinkOf = (announcement: Announcement) => string | undefined;

const MAX_REASONS = 20;

export function messageOf(announcement: Announcement, linkOf: LinkOf): Message {
  const { type, at, ...rest } = announcement;
  const link = linkOf(announcement);
  const thread = threadOf(announcement);
  return {
    type,
    timestamp: at,
    text: `[airlock] ${shortened(textOf(announcement))}${link === undefined ? '' : ` ${link}`}`,
    ...(thread === undefined ? {} : { thread }),
    data: { ...bounded(rest), ...(link === undefined ? {} : { link }) },
  };
}

/** What strangers wrote (a card, an upstream) has an end, and stays on its line. */
function bounded(data: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const bound = (value: unknown): unknown => {
    if (typeof value === 'string') return shortened(oneLine(value));
    return Array.isArray(value) ? value.slice(0, MAX_REASONS).map(bound) : value;
  };
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, bound(value)]));
}

function threadOf(announcement: Announcement): string | undefined {
  if ('case' in announcement) return `case-${announcement.case}`;
  if ('waiver' in announcement) return `waiver-${announcement.waiver}`;
  return undefined;
}

function textOf(told: Announcement): string {
  switch (told.type) {
    case 'case-opened':
      return `case ${told.case}: ${nameOf(told)} needs a person: ${told.reasons.slice(0, MAX_REASONS).map(oneLine).join('; ')}`;
    case 'case-decided':
      return `case ${told.case}: ${nameOf(told)} is ${told.outcome} by ${oneLine(told.by)}: ${oneLine(told.reason)}`;
    case 'revoked':
      return `${oneLine(told.subject)} is revoked by ${oneLine(told.by)}: ${oneLine(told.reason)}`;
    case 'waiver-expiring':
      return `${waiverOf(told)} ends at ${told.expiresAt}; releases that go on hold then: ${told.releases}`;
    case 'waiver-expired':
      return `${waiverOf(told)} ended at ${told.expiresAt}; releases that are on hold now: ${told.releases}`;
    case 'quarantined':
      return `${nameOf(told)} is quarantined and not served any more: ${oneLine(told.reason)}`;
    case 'upstream-alert':
      return `upstream alert ${told.alert} (${oneLine(told.kind)}) about ${nameOf(told)}: ${oneLine(told.message)}`;
  }
}

function nameOf({ repo, commit }: Pick<Extract<Announcement, { type: 'case-opened' }>, 'repo' | 'commit'>): string {
  return commit === undefined ? repoName(repo) : `${repoName(repo)}@${shortSha(commit)}`;
}

function waiverOf({ waiver, rule, scope, owner }: Extract<Announcement, { readonly waiver: number }>): string {
  return `waiver ${waiver} of ${oneLine(owner)} (${oneLine(rule)} for ${oneLine(scope)})`;
}
