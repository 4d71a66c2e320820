// SPDX-License-Identifier: Apache-2.0
import type { Catalog, Found } from '#src/catalog/catalog.ts';
import type { Journal } from '#src/catalog/journal.ts';
import type { Publisher } from '#src/catalog/publisher.ts';
import type { RepoState } from '#src/catalog/repo-state.ts';
import { AirlockError } from '#src/domain/errors.ts';
import { type Repo, repoName } from '#src/domain/repo.ts';
import { type CommitSha, type Ref, shortSha } from '#src/domain/revision.ts';
import type { ActOf } from './review.ts';

/** A ref whose commit is not served. Without `to` there was nothing to go back to, and the ref is refused. */
export interface Moved {
  readonly repo: Repo;
  readonly ref: Ref;
  readonly from: CommitSha;
  readonly to?: CommitSha;
}

type RevokedCommit = Exclude<Found, { type: 'release' | 'unknown' }>;

/** Point refs back to what they pointed to before, as far as that is served. Each move is a signed pin of its own. */
export interface Rollback {
  /** Every ref of the repo that points to what was revoked, where `by` says that it is meant. */
  repair(repo: Repo, act: ActOf, by: (revoked: RevokedCommit) => boolean): Promise<readonly Moved[]>;
  /**
   * One ref, to a commit or else to the last good one before where it points now.
   * @throws AirlockError conflict: it points nowhere, there is none, or that commit is not served
   */
  back(repo: Repo, ref: Ref, to: CommitSha | undefined, act: ActOf): Promise<Moved>;
}

export interface RollbackDeps {
  readonly journal: Pick<Journal, 'state'>;
  readonly catalog: Pick<Catalog, 'find' | 'served'>;
  readonly publisher: Pick<Publisher, 'pin'>;
}

export function createRollback({ journal, catalog, publisher }: RollbackDeps): Rollback {
  async function move(repo: Repo, ref: Ref, to: CommitSha, { by, reason }: ActOf): Promise<boolean> {
    const kind = (await journal.state(repo)).pins.get(ref)?.kind;
    return kind !== undefined && publisher.pin(repo, { ref, kind, commit: to }, { by, reason });
  }

  return {
    async repair(repo, act, by) {
      const moved: Moved[] = [];
      for (const [ref, { commit: from }] of (await journal.state(repo)).pins) {
        const found = await catalog.find(repo, { type: 'commit', commit: from });
        if (found.type !== 'revoked' || !by(found)) continue;
        const served = await catalog.served(repo);
        const to = lastGood(served, ref);
        const done = to !== undefined && (await move(repo, ref, to, act));
        moved.push({ repo, ref, from, ...(done ? { to } : {}) });
      }
      return moved;
    },

    async back(repo, ref, to, act) {
      const served = await catalog.served(repo);
      const from = served.pins.get(ref)?.commit;
      const name = `${repoName(repo)}@${ref}`;
      if (from === undefined) throw new AirlockError('conflict', `${name} was never approved here.`);
      const target = to ?? lastGood(served, ref);
      if (target === undefined)
        throw new AirlockError(
          'conflict',
          `${name} has pointed to nothing before ${shortSha(from)} that is still served.`,
        );
      if (!isServed(served, target) || !(await move(repo, ref, target, act)))
        throw new AirlockError('conflict', `${repoName(repo)}@${shortSha(target)} is not served here.`);
      return { repo, ref, from, to: target };
    },
  };
}

/** Newest first, of what the ref pointed to before. */
function lastGood(served: RepoState, ref: Ref): CommitSha | undefined {
  return served.history
    .get(ref)
    ?.slice(0, -1)
    .findLast((commit) => isServed(served, commit));
}

function isServed({ commits }: RepoState, commit: CommitSha): boolean {
  return commits.get(commit)?.status === 'approved';
}
