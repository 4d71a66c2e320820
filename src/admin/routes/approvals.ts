// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { AirlockError } from '#src/domain/errors.ts';
import { parseRepo } from '#src/domain/repo.ts';
import { parseRevision } from '#src/domain/revision.ts';
import { outcomeShape } from '../answers.ts';
import type { Approvals } from '../approvals.ts';
import { actShape, personOf } from '../requests.ts';
import { type AdminRoute, defineRoute } from '../route.ts';

const approveShape = z.strictObject({
  ...actShape,
  revision: z.string().default('main'),
  evenDenied: z.boolean().default(false),
});

/** Approvals, and how one that takes long is getting on. */
export function approvalRoutes(approvals: Approvals): AdminRoute[] {
  return [
    defineRoute({
      method: 'post',
      path: '/approve',
      permission: 'review',
      changes: true,
      summary: 'Accept the reasons that stand against a commit, and serve it',
      request: { body: approveShape },
      answer: { says: 'How the intake ended, or that it runs', json: outcomeShape },
      handle: ({ actor, body: { kind, repo, revision, by, reason, evenDenied } }) =>
        approvals.start(parseRepo(kind, repo), parseRevision(revision), {
          by: personOf(actor, by),
          reason,
          evenDenied,
        }),
    }),
    defineRoute({
      method: 'get',
      path: '/approvals/{id}',
      permission: 'review',
      changes: false,
      summary: 'Wait for an approval that goes on',
      request: { params: z.object({ id: z.string() }) },
      answer: { says: 'How it ended, or that it still runs', json: outcomeShape },
      handle: async ({ params: { id } }) => {
        const answer = await approvals.wait(id);
        if (!answer) throw new AirlockError('upstream-entry-not-found', 'This mirror knows no such approval any more.');
        return answer;
      },
    }),
  ];
}
