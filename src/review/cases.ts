// SPDX-License-Identifier: Apache-2.0
import { LRUCache } from 'lru-cache';
import type { Requester } from '#src/access/requester.ts';
import type { Journal } from '#src/catalog/journal.ts';
import type { Rulings } from '#src/catalog/rulings.ts';
import type { Announce } from '#src/domain/announcement.ts';
import type { Clock } from '#src/domain/clock.ts';
import { AirlockError, messageOf } from '#src/domain/errors.ts';
import { parseRepo } from '#src/domain/repo.ts';
import { MAX_BATCH, OTHERS } from '#src/index/case-requesters.ts';
import type { CaseEnd, CaseFilter, CaseLimits } from '#src/index/cases.ts';
import type { Index } from '#src/index/index.ts';
import type { CaseRow } from '#src/index/schema.ts';
import type { InForce } from '#src/intake/in-force.ts';
import { createAskedCounts } from './asked-counts.ts';
import { endingOf } from './case-ending.ts';
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
  /** With what was decided meanwhile. @throws AirlockError upstream-entry-not-found */
  get(id: number): Promise<CaseRow>;
  /** Newest first, with what was decided meanwhile: an open one of a page may have ended by the time it is read. */
  list(filter: CaseFilter): Promise<CaseRow[]>;
  /** Close one that is open: no person decided. */
  close(id: number, reason: string): Promise<void>;
  /** Close forgotten cases, and remove those that ended long ago. */
  sweep(): Promise<void>;
  /** Write what was counted. */
  stop(): Promise<void>;
}

export interface CasesDeps extends CaseRules {
  readonly index: Pick<Index, 'cases' | 'caseRequesters' | 'decisions'>;
  readonly journal: Pick<Journal, 'state' | 'subscribe'>;
  readonly rulings: Pick<Rulings, 'state' | 'subscribe'>;
  readonly inForce: Pick<InForce, 'source'>;
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
  const { index, journal, rulings, clock, log } = deps;
  const known = new LRUCache<string, Known>({ max: KNOWN_SUBJECTS });
  const finding = new Map<string, Promise<number | undefined>>();
  const counts = createAskedCounts({
    write: (rows) => index.caseRequesters.count(rows),
    onError: (error) => log.warn({ err: error }, `who asked was not counted: ${messageOf(error)}`),
    maxRows: MAX_BATCH,
    others: OTHERS,
  });
  let settling: Promise<void> = Promise.resolve();

  // Whoever wrote the record, here or elsewhere: a case ends when its commit or its source is decided.
  journal.subscribe((repo) => later(async () => settled(await index.cases.openOfRepo(repo))));
  rulings.subscribe(() => later(async () => settled(await index.cases.openSources())));

  function later(work: () => Promise<unknown>): void {
    settling = settling
      .then(async () => void (await work()))
      .catch((error: unknown) => log.warn({ err: error }, `cases were not closed: ${messageOf(error)}`));
  }

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

  /** The rows, those ended that are decided. */
  async function settled(rows: readonly CaseRow[]): Promise<CaseRow[]> {
    const now: CaseRow[] = [];
    for (const row of rows) {
      const ending = row.state === 'open' ? await endingOf(deps, row) : undefined;
      now.push((ending && (await end(row.id, ending))) ?? row);
    }
    return now;
  }

  async function end(id: number, ending: Omit<CaseEnd, 'at'>): Promise<CaseRow | undefined> {
    const at = clock.now().toISOString();
    const row = await index.cases.end(id, { ...ending, at });
    // Somebody else was faster.
    if (!row) return index.cases.get(id);
    known.delete(row.subject);
    const { state: outcome, by, reason } = ending;
    const repo = parseRepo(row.kind, row.repo);
    const commit = row.commit && { commit: row.commit };
    deps.announce({ type: 'case-decided', at, case: id, repo, ...commit, outcome, by, reason });
    return row;
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

    async get(id) {
      const row = await index.cases.get(id);
      const [now] = row ? await settled([row]) : [];
      if (!now) throw new AirlockError('upstream-entry-not-found', `This mirror has no case ${id}.`, { case: id });
      return now;
    },

    list: async (filter) => settled(await index.cases.list(filter)),

    close: async (id, reason) => void (await end(id, { state: 'closed', by: 'policy', reason })),

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
