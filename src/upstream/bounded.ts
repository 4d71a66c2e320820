// SPDX-License-Identifier: Apache-2.0
import { LRUCache } from 'lru-cache';
import PQueue from 'p-queue';
import type { Clock } from '#src/domain/clock.ts';
import { AirlockError, isAirlockError } from '#src/domain/errors.ts';
import { repoKey } from '#src/domain/repo.ts';
import { revisionText } from '#src/domain/revision.ts';
import { createOutage, type Outage } from './outage.ts';
import type { Upstream } from './upstream.ts';

export interface BoundOptions {
  readonly clock: Clock;
  /** Shared with the client, which tells of single tries. Default: one of its own. */
  readonly outage?: Outage;
  /** Questions that are with upstream at the same time. */
  readonly concurrent?: number;
  /** Questions that wait for their turn; who comes after them is told to come back. */
  readonly waiting?: number;
}

/** How long "there is no such thing" is believed. Short: whoever creates a repo upstream wants to see it here. */
const ABSENT_SECONDS = 30;
const ABSENT_ENTRIES = 10_000;
const COME_BACK_SECONDS = 10;

interface Absence {
  readonly error: AirlockError;
  readonly since: number;
}

/**
 * Whoever can reach the mirror can name repos that nobody has heard of, and each name is a question to upstream: without
 * a bound, one client decides how much the mirror asks, and upstream's rate limit falls on all of them. Downloads have a
 * bound of their own, in the intake. "Not found" is remembered for half a minute, and that nobody answers for seconds;
 * every other failure may be over the next moment.
 */
export function boundedUpstream(upstream: Upstream, options: BoundOptions): Upstream {
  const { clock, concurrent = 16, waiting = 512, outage = createOutage(clock) } = options;
  const queue = new PQueue({ concurrency: concurrent });
  const absent = new LRUCache<string, Absence>({ max: ABSENT_ENTRIES });

  function throwIfAbsent(key: string): void {
    const known = absent.get(key);
    if (!known) return;
    const age = clock.now().getTime() - known.since;
    // A clock that was put back must not keep a repo away for as long.
    if (age >= 0 && age < ABSENT_SECONDS * 1000) throw known.error;
    absent.delete(key);
  }

  async function ask<T>(key: string, question: () => Promise<T>): Promise<T> {
    throwIfAbsent(key);
    if (queue.size >= waiting) throw tooMany();
    outage.refuse();
    return queue.add(async () => {
      // Who asked while this one waited may have the answer, or have found that there is none to be had.
      throwIfAbsent(key);
      outage.check();
      try {
        const answer = await question();
        outage.over();
        return answer;
      } catch (error) {
        outage.note(error);
        if (isAirlockError(error, 'upstream-repo-not-found', 'upstream-revision-not-found'))
          absent.set(key, { error, since: clock.now().getTime() });
        throw error;
      }
    });
  }

  return {
    url: upstream.url,
    ...(upstream.fingerprint !== undefined && { fingerprint: upstream.fingerprint }),
    resolve: (repo, revision, signal) =>
      ask(`${repoKey(repo)}@${revisionText(revision)}`, () => upstream.resolve(repo, revision, signal)),
    refs: (repo, signal) => ask(`${repoKey(repo)} refs`, () => upstream.refs(repo, signal)),
    ...(upstream.statement && { statement: upstream.statement.bind(upstream) }),
    ancestry: (head, commit, signal) =>
      ask(`${repoKey(head.repo)}@${head.commit} after ${commit}`, () => upstream.ancestry(head, commit, signal)),
    list: (source, signal) => upstream.list(source, signal),
    open: (source, file, offset, signal) => upstream.open(source, file, offset, signal),
  };
}

function tooMany(): AirlockError {
  return new AirlockError('overloaded', 'Too many requests wait for upstream already. Try again soon.', {
    retryAfter: COME_BACK_SECONDS,
  });
}
