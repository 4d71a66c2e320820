// SPDX-License-Identifier: Apache-2.0
import { LRUCache } from 'lru-cache';
import type { Requester } from '#src/access/requester.ts';
import type { Journal } from '#src/catalog/journal.ts';
import type { Announce } from '#src/domain/announcement.ts';
import type { Clock } from '#src/domain/clock.ts';
import { messageOf } from '#src/domain/errors.ts';
import { parseRepo, type Repo } from '#src/domain/repo.ts';
import { MAX_BATCH, OTHERS } from '#src/index/case-requesters.ts';
import type { CaseEnd, CaseLimits } from '#src/index/cases.ts';
import type { Index } from '#src/index/index.ts';
import type { CaseRow } from '#src/index/schema.ts';
import { createAskedCounts } from './asked-counts.ts';
import { type CaseSubject, subjectKey } from './case-subject.ts';

/** Somebody asks for what needs a person: what it is about, and why it needs one, in sentences. */
export interface Question extends CaseSubject {
  readonly reasons: readonly string[];
}

export interface CaseRules {
  /** Open ones in all; strangers may open half of them. */
  readonly maxOpen: number;
  /** That one stranger's address may open. */
  readonly maxOpenPerAddress: number;
  /** One that nobody asks about for so long, and nobody has taken up, closes. */
  readonly quietDays: number;
  /** How long one that has ended is kept. */
  readonly keepDays: number;
}

/** The questions that people have to answer. What they answer is a signed record; a case only leads there. */
export interface Cases {
  /**
   * The number of the subject's open case, which is opened where there is none. Who asks is counted. Undefined: there
   * is no room for another case, or the index does not answer; the refusal goes out without a number then.
   */
  asked(question: Question, requester: Requester): Promise<number | undefined>;
  /** Close forgotten cases, and remove those that ended long ago. */
  sweep(): Promise<void>;
  /** Write what was counted. */
  stop(): Promise<void>;
}

export interface CasesDeps extends CaseRules {
  readonly index: Pick<Index, 'cases' | 'caseRequesters'>;
  readonly journal: Pick<Journal, 'state' | 'subscribe'>;
  readonly announce: Announce;
  readonly clock: Clock;
  readonly log: { warn(details: object, text: string): void };
}

/** For so long another process's act on a case is not seen here. */
const FRESH_MILLISECONDS = 5000;
const KNOWN_SUBJECTS = 10_000;
const MAX_REASONS = 5;
const MAX_REASON_LENGTH = 300;
const DAY = 86_400_000;
const SWEPT_AT_ONCE = 500;

/** `id` undefined: there was no room for a case. */
interface Known {
  readonly id: number | undefined;
  readonly at: number;
}

export function createCases(deps: CasesDeps): Cases {
  const { index, journal, clock, log } = deps;
  const known = new LRUCache<string, Known>({ max: KNOWN_SUBJECTS });
  const finding = new Map<string, Promise<number | undefined>>();
  const counts = createAskedCounts({
    write: (rows) => index.caseRequesters.count(rows),
    onError: (error) => log.warn({ err: error }, `who asked was not counted: ${messageOf(error)}`),
    maxRows: MAX_BATCH,
    others: OTHERS,
  });
  let settling: Promise<void> = Promise.resolve();

  // Whoever wrote the entry, here or elsewhere: a case ends when its commit is decided.
  journal.subscribe((repo) => {
    settling = settling
      .then(() => settle(repo))
      .catch((error: unknown) => log.warn({ err: error }, `cases were not closed: ${messageOf(error)}`));
  });

  async function find(key: string, question: Question, requester: Requester): Promise<number | undefined> {
    const row = (await index.cases.openOf(key)) ?? (await open(key, question, requester));
    // That there is no room may be true of this requester alone.
    known.set(row ? key : `${requester.who} ${key}`, { id: row?.id, at: clock.now().getTime() });
    return row?.id;
  }

  async function open(key: string, question: Question, requester: Requester): Promise<CaseRow | undefined> {
    const { repo, commit = null } = question;
    const at = clock.now().toISOString();
    const reasons = question.reasons.slice(0, MAX_REASONS).map((reason) => reason.slice(0, MAX_REASON_LENGTH));
    const row = await index.cases.open(
      {
        ...{ subject: key, kind: repo.kind, repo: repo.id, commit, state: 'open', reasons: JSON.stringify(reasons) },
        ...{ openedAt: at, openedBy: requester.who, asked: 0, askedAt: at, updatedAt: at },
        ...{ assignee: null, twoPeople: 0, endedBy: null, endedReason: null },
      },
      limitsFor(deps, requester),
    );
    // Another process may have been faster; else there is no room.
    if (!row) return index.cases.openOf(key);
    deps.announce({ type: 'case-opened', at, case: row.id, repo, ...(commit && { commit }), reasons });
    return row;
  }

  async function settle(repo: Repo): Promise<void> {
    const rows = await index.cases.openOfRepo(repo);
    if (rows.length === 0) return;
    const { commits } = await journal.state(repo);
    for (const row of rows) {
      const state = row.commit === null ? undefined : commits.get(row.commit);
      if (state === undefined || state.status === 'open' || state.status === 'quarantined') continue;
      const ended = state.status === 'revoked' ? 'closed' : state.status;
      await end(row.id, { state: ended, by: state.approval?.by ?? state.by, reason: state.reason });
    }
  }

  async function end(id: number, ending: Omit<CaseEnd, 'at'>): Promise<void> {
    const at = clock.now().toISOString();
    const row = await index.cases.end(id, { ...ending, at });
    if (!row) return;
    known.delete(row.subject);
    const { state: outcome, by, reason } = ending;
    const repo = parseRepo(row.kind, row.repo);
    const commit = row.commit && { commit: row.commit };
    deps.announce({ type: 'case-decided', at, case: id, repo, ...commit, outcome, by, reason });
  }

  async function closeForgotten(days: number, reason: string, limit = SWEPT_AT_ONCE): Promise<void> {
    const before = new Date(clock.now().getTime() - days * DAY).toISOString();
    for (const { id } of await index.cases.forgotten(before, limit))
      await end(id, { state: 'closed', by: 'policy', reason });
  }

  return {
    async asked(question, requester) {
      const key = subjectKey(question);
      const now = clock.now();
      const there = known.get(key) ?? known.get(`${requester.who} ${key}`);
      const age = there === undefined ? undefined : now.getTime() - there.at;
      let id = there?.id;
      // A clock that was put back must not keep an old answer.
      if (age === undefined || age < 0 || age >= FRESH_MILLISECONDS) {
        const search = finding.get(key) ?? find(key, question, requester).finally(() => finding.delete(key));
        finding.set(key, search);
        id = await search.catch((error: unknown) => {
          log.warn({ err: error }, `no case was opened: ${messageOf(error)}`);
          return undefined;
        });
      }
      if (id !== undefined) counts.note(id, requester, now);
      return id;
    },

    async sweep() {
      await counts.flush();
      await closeForgotten(deps.quietDays, `nobody asked for it in ${deps.quietDays} days`);
      // Nearly full: who comes next needs a place more than what nobody asked for again.
      const over = (await index.cases.countOpen()) - Math.floor(deps.maxOpen * 0.8);
      if (over > 0) await closeForgotten(1, 'there are too many open cases, and nobody asked for it again', over);
      await index.cases.prune(new Date(clock.now().getTime() - deps.keepDays * DAY).toISOString(), SWEPT_AT_ONCE);
    },

    async stop() {
      await settling;
      await counts.stop();
    },
  };
}

/** Strangers can not take the room that people with a token need. */
function limitsFor({ maxOpen, maxOpenPerAddress }: CaseRules, { known }: Requester): CaseLimits {
  if (known) return { maxOpen, maxOpenOfOne: undefined };
  return { maxOpen: Math.floor(maxOpen / 2), maxOpenOfOne: maxOpenPerAddress };
}
