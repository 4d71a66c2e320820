// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { parseRepo, type Repo, repoName } from '#src/domain/repo.ts';
import { parseCommitSha, parseRef, parseRevision, type Revision } from '#src/domain/revision.ts';
import type { Review } from '#src/review/review.ts';
import type { Rollback } from '#src/review/rollback.ts';
import { doneShape } from '../answers.ts';
import { movedAnswer, movedJson } from '../moved.ts';
import { actShape, personOf } from '../requests.ts';
import { type AdminRoute, defineRoute } from '../route.ts';

export interface ActRoutesDeps {
  readonly review: Pick<Review, 'reject' | 'revoke' | 'pin'>;
  readonly rollback: Pick<Rollback, 'repair'>;
}

const decideShape = z.strictObject({ ...actShape, revision: z.string().default('main') });
const revokeShape = decideShape.extend({ rollback: z.boolean().default(false) });
const pinShape = z.strictObject({ ...actShape, ref: z.string(), commit: z.string() });

/** What people decide about a commit and need not wait for. */
export function actRoutes({ review, rollback }: ActRoutesDeps): AdminRoute[] {
  return [
    defineRoute({
      method: 'post',
      path: '/reject',
      permission: 'review',
      changes: true,
      summary: 'Refuse a commit, whatever policy says, until somebody opens it again',
      request: { body: decideShape },
      answer: { says: 'The commit is rejected', json: doneShape },
      handle: async ({ actor, body }) => {
        const { repo, revision } = subject(body);
        const commit = await review.reject(repo, revision, { by: personOf(actor, body.by), reason: body.reason });
        return { repo: repoName(repo), commit, state: 'rejected' };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/revoke',
      permission: 'review',
      changes: true,
      summary: 'Withdraw a commit that was approved: it is served no more',
      request: { body: revokeShape },
      answer: { says: 'The commit is revoked', json: doneShape.extend(movedAnswer) },
      handle: async ({ actor, body }) => {
        const { repo, revision } = subject(body);
        const act = { by: personOf(actor, body.by), reason: body.reason };
        const commit = await review.revoke(repo, revision, act);
        // Revoked already, whatever comes of this: a ref that was not moved is refused.
        const moved = body.rollback ? await rollback.repair(repo, act, (revoked) => revoked.commit === commit) : [];
        return {
          repo: repoName(repo),
          subject: `${repoName(repo)}@${commit}`,
          commit,
          state: 'revoked',
          ...movedJson(moved),
        };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/pin',
      permission: 'review',
      changes: true,
      summary: 'Point a branch or tag at an approved commit',
      request: { body: pinShape },
      answer: { says: 'The ref points there', json: doneShape.extend({ ref: z.string() }) },
      handle: async ({ actor, body }) => {
        const repo = parseRepo(body.kind, body.repo);
        const commit = parseCommitSha(body.commit);
        await review.pin(repo, parseRef(body.ref), commit, { by: personOf(actor, body.by), reason: body.reason });
        return { repo: repoName(repo), commit, ref: body.ref, state: 'pinned' };
      },
    }),
  ];
}

function subject(asked: { kind: Repo['kind']; repo: string; revision: string }): { repo: Repo; revision: Revision } {
  return { repo: parseRepo(asked.kind, asked.repo), revision: parseRevision(asked.revision) };
}
