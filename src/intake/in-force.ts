// SPDX-License-Identifier: Apache-2.0

import { approvalsOf, type RepoState } from '#src/catalog/repo-state.ts';
import type { Rulings } from '#src/catalog/rulings.ts';
import type { Clock } from '#src/domain/clock.ts';
import type { Repo } from '#src/domain/repo.ts';
import { codeApprovals, codeKey } from '#src/policy/custom-code.ts';
import type { SourceRule } from '#src/policy/rules.ts';
import { type SourceRuling, sourceInForce } from '#src/policy/source-rulings.ts';
import { stricterOf } from '#src/policy/stricter.ts';

/** What the configuration and people's rulings say together at this moment: from memory, as fresh as the rulings are. */
export interface InForce {
  /**
   * The source of a repo that is asked for under one name and has another upstream; it must pass under both. Undefined
   * where either matches nothing. @throws AirlockError as `Rulings.state`: without the rulings nothing new comes in
   */
  source(asked: Repo, upstream?: Repo): Promise<SourceRule | undefined>;
  /** Who approved which code: for another commit of the repo, or for every repo. @throws as {@link source} */
  code(commits: RepoState['commits']): Promise<ReadonlyMap<string, string>>;
}

export interface InForceDeps {
  readonly sources: readonly SourceRule[];
  readonly rulings: Pick<Rulings, 'state'>;
  readonly clock: Clock;
}

export function createInForce({ sources, rulings, clock }: InForceDeps): InForce {
  return {
    async source(asked, upstream = asked) {
      const standing = [...(await rulings.state()).standing.values()].filter(
        (ruling): ruling is SourceRuling => ruling.event.type === 'source',
      );
      const now = clock.now();
      const old = sourceInForce(sources, standing, asked, now);
      return stricterOf(old, upstream === asked ? old : sourceInForce(sources, standing, upstream, now));
    },

    async code(commits) {
      const keys = new Map(codeApprovals(approvalsOf(commits)));
      for (const { event, by } of (await rulings.state()).standing.values())
        if (event.type === 'code') keys.set(codeKey(event.digest), by);
      return keys;
    },
  };
}
