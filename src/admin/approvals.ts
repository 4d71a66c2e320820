// SPDX-License-Identifier: Apache-2.0
import { AirlockError } from '#src/domain/errors.ts';
import { type Repo, repoName } from '#src/domain/repo.ts';
import type { Revision } from '#src/domain/revision.ts';
import type { Intakes } from '#src/intake/intakes.ts';
import type { Review } from '#src/review/review.ts';
import type { OutcomeAnswer } from './answers.ts';
import { outcomeJson } from './json.ts';
import { foundOutcome, notFoundUpstream } from './not-found.ts';
import { createOperations } from './operations.ts';

/** What a person asked for. */
export interface ApproveAct {
  readonly by: string;
  readonly reason: string;
  readonly evenDenied: boolean;
}

/** Approvals, which may have to wait for an intake. */
export interface Approvals {
  /** @throws AirlockError as Review.approve */
  start(repo: Repo, revision: Revision, act: ApproveAct): Promise<OutcomeAnswer>;
  /** Undefined for one that this process did not start, or has forgotten. @throws AirlockError as {@link start} */
  wait(id: string): Promise<OutcomeAnswer | undefined>;
}

export interface ApprovalsDeps {
  readonly review: Pick<Review, 'approve'>;
  readonly intakes: Pick<Intakes, 'running'>;
  /** How long one request waits before it is told that the work goes on. */
  readonly waitMilliseconds: number;
}

/** Many more than people approve at a time. */
const KEPT = 500;

export function createApprovals({ review, intakes, waitMilliseconds }: ApprovalsDeps): Approvals {
  const operations = createOperations({ intakes, name: 'approval', kept: KEPT });
  return {
    async start(repo, revision, { evenDenied, ...act }) {
      const id = operations.begin(repo, revision, async (found) => {
        try {
          // Inside of the work that is waited for: where nobody has asked for the revision yet, this is an intake.
          const { commit, outcome } = await review.approve(repo, revision, act, evenDenied);
          found(commit);
          return { repo: repoName(repo), commit, ...outcomeJson(foundOutcome(await outcome, repo, revision)) };
        } catch (error) {
          throw notFoundUpstream(error, repo, revision);
        }
      });
      const answer = await operations.wait(id, waitMilliseconds);
      if (!answer) throw new AirlockError('overloaded', 'Too many approvals run at once.');
      return answer;
    },
    wait: (id) => operations.wait(id, waitMilliseconds),
  };
}
