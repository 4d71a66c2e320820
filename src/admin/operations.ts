// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { type Repo, repoName } from '#src/domain/repo.ts';
import type { CommitSha, Revision } from '#src/domain/revision.ts';
import type { Intakes } from '#src/intake/intakes.ts';
import type { Progress } from '#src/intake/progress.ts';
import type { OutcomeAnswer } from './answers.ts';
import { progressJson } from './json.ts';

/**
 * What takes as long as an intake, which can be hours, and no request lives that long: an answer `running` names the
 * operation, and whoever has that name may ask how it ended.
 */
export interface Operations {
  /** Begin, and go on whoever waits. `run` may say early which commit it is about. The operation's id. */
  begin(repo: Repo, revision: Revision, run: (found: (commit: CommitSha) => void) => Promise<OutcomeAnswer>): string;
  /**
   * Its result, or, after so long, how far it is. Undefined for one that this process did not start, or has forgotten.
   * @throws what `run` threw
   */
  wait(id: string, milliseconds: number): Promise<OutcomeAnswer | undefined>;
}

export interface OperationsOptions {
  readonly intakes: Pick<Intakes, 'running'>;
  /** The field of a `running` answer that holds the id. */
  readonly name: 'approval' | 'pull';
  /** So many are known; those that ended are kept for whoever lost the connection. */
  readonly kept: number;
}

interface Operation {
  readonly repo: Repo;
  readonly revision: Revision;
  commit?: CommitSha;
  readonly result: Promise<OutcomeAnswer>;
}

export function createOperations({ intakes, name, kept }: OperationsOptions): Operations {
  const operations = new LRUCache<string, Operation>({ max: kept });

  function running(id: string, { repo, revision, commit }: Operation): OutcomeAnswer {
    const progress = intakes.running().find((one) => isAbout(one, repo, revision, commit));
    const known = commit ?? progress?.commit ?? (revision.type === 'commit' ? revision.commit : undefined);
    return {
      repo: repoName(repo),
      ...(known === undefined ? {} : { commit: known }),
      state: 'running',
      [name]: id,
      ...(progress ? { intake: progressJson(progress) } : {}),
    };
  }

  return {
    begin(repo, revision, run) {
      const id = randomUUID();
      const found = (commit: CommitSha): void => {
        operation.commit = commit;
      };
      const result = Promise.resolve().then(() => run(found));
      // Whoever asks sees it fail; with nobody there it must not end the process.
      result.catch(() => undefined);
      const operation: Operation = { repo, revision, result };
      operations.set(id, operation);
      return id;
    },

    async wait(id, milliseconds) {
      const operation = operations.get(id);
      if (!operation) return undefined;
      const timer = new AbortController();
      const patience = sleep(milliseconds, undefined, { signal: timer.signal, ref: false }).catch(() => undefined);
      try {
        return (await Promise.race([operation.result, patience])) ?? running(id, operation);
      } finally {
        timer.abort();
      }
    },
  };
}

function isAbout(progress: Progress, repo: Repo, revision: Revision, commit: CommitSha | undefined): boolean {
  if (progress.repo.kind !== repo.kind || progress.repo.id !== repo.id) return false;
  if (commit !== undefined) return progress.commit === commit;
  return revision.type === 'commit' ? progress.commit === revision.commit : progress.ref === revision.ref;
}
