// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import type { Catalog } from '#src/catalog/catalog.ts';
import type { Journal } from '#src/catalog/journal.ts';
import type { Announce } from '#src/domain/announcement.ts';
import type { Clock } from '#src/domain/clock.ts';
import { messageOf } from '#src/domain/errors.ts';
import { parseRepo, type Repo, repoKey } from '#src/domain/repo.ts';
import type { Ref } from '#src/domain/revision.ts';
import type { Index } from '#src/index/index.ts';
import type { Fact } from './alert.ts';
import { type LookDeps, look, type Watched } from './look.ts';

export interface WatchDeps extends LookDeps {
  readonly index: Pick<Index, 'watches' | 'alerts'>;
  readonly journal: Pick<Journal, 'state'>;
  readonly catalog: Pick<Catalog, 'statement' | 'evidence'>;
  readonly clock: Clock;
  readonly announce: Announce;
  /** How often upstream is asked about each ref. */
  readonly watchMinutes: number;
  /** How long one ref may keep the others from their turn. Default: a minute. */
  readonly waitSeconds?: number;
  /** From 0 to 1. Default: Math.random. */
  readonly random?: () => number;
  readonly log: { warn(details: object, text: string): void };
}

/** Looks whether upstream is still what it was when its commits were approved, and tells people where it is not. */
export interface Watch {
  /** Look at one ref now; nothing where it points to nothing approved. Never throws: what failed is in the log. */
  ref(repo: Repo, ref: Ref): Promise<void>;
  /** Look at refs whose time has come. How many were asked about. */
  round(): Promise<number>;
  stop(): void;
}

/** Questions of one round, and refs that it goes through for them: those that nobody pinned cost none. */
const ASKED = 10;
const SEEN = 100;

export function createWatch(deps: WatchDeps): Watch {
  const stopping = new AbortController();

  async function watched(repo: Repo, ref: Ref): Promise<Watched | undefined> {
    const { pins, commits } = await deps.journal.state(repo);
    const pin = pins.get(ref);
    return pin && commits.get(pin.commit)?.status === 'approved' ? { repo, ref, pin } : undefined;
  }

  async function ask(what: Watched): Promise<void> {
    try {
      for (const fact of await look(deps, what, stopping.signal)) await raise(deps, what.repo, fact);
    } catch (error) {
      if (stopping.signal.aborted) return;
      const name = { repo: repoKey(what.repo), ref: what.ref };
      deps.log.warn({ ...name, err: error }, `upstream could not be watched: ${messageOf(error)}`);
    }
  }

  return {
    async ref(repo, ref) {
      const what = await watched(repo, ref);
      if (what) await ask(what);
    },

    async round() {
      let asked = 0;
      for (const row of await deps.index.watches.due(deps.clock.now().toISOString(), SEEN)) {
        if (stopping.signal.aborted || asked >= ASKED) break;
        const { kind, repo: id, ref } = row;
        // Marked first: a crash, or an upstream that is away, has it wait its turn again.
        await deps.index.watches.put({ kind, repo: id, ref, dueAt: nextTime(deps) });
        const what = await watched(parseRepo(kind, id), ref);
        if (!what) continue;
        asked++;
        await within(ask(what), deps.waitSeconds ?? 60);
      }
      return asked;
    },

    stop: () => stopping.abort(),
  };
}

/** A fact is told once; a crash before the announcement leaves it in the list, where people find it. */
async function raise({ index, clock, announce }: WatchDeps, repo: Repo, fact: Fact): Promise<void> {
  const { type, ref, commit, message } = fact;
  const at = clock.now().toISOString();
  const row = { type, kind: repo.kind, repo: repo.id, ref: ref ?? null, commit: commit ?? null, raisedAt: at };
  const raised = await index.alerts.raise({ ...row, fact: fact.about, message: message.slice(0, MAX_MESSAGE) });
  if (!raised) return;
  const about = { repo, ...(ref !== undefined && { ref }), ...(commit !== undefined && { commit }) };
  announce({ type: 'upstream-alert', at, alert: raised.id, kind: type, ...about, message: raised.message });
}

/** Upstream's own words are in it. */
const MAX_MESSAGE = 1000;

/** A tenth sooner or later, so that refs that came in together are not asked about together for ever. */
function nextTime({ clock, watchMinutes, random = Math.random }: WatchDeps): string {
  const minutes = watchMinutes * (0.9 + 0.2 * random());
  return new Date(clock.now().getTime() + minutes * 60_000).toISOString();
}

async function within(work: Promise<void>, seconds: number): Promise<void> {
  const timer = new AbortController();
  const time = sleep(seconds * 1000, undefined, { signal: timer.signal, ref: false }).catch(() => {});
  await Promise.race([work, time]);
  timer.abort();
}
