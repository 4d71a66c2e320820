// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { parseRepo } from '#src/domain/repo.ts';
import { parseCommitSha, parseRef } from '#src/domain/revision.ts';
import { type Revocation, scopeText } from '#src/domain/revocations.ts';
import type { Revoking } from '#src/review/revoking.ts';
import type { Rollback } from '#src/review/rollback.ts';
import { movedAnswer, movedJson, movedShape, oneMoved } from '../moved.ts';
import { actShape, personOf, personShape, reasonShape } from '../requests.ts';
import { type AdminRoute, defineRoute } from '../route.ts';
import { scopeOf, scopeShape } from '../scope.ts';

export interface RevocationRoutesDeps {
  readonly revoking: Revoking;
  readonly rollback: Pick<Rollback, 'back'>;
}

const revokeShape = z.strictObject({
  scope: scopeShape,
  by: personShape.optional(),
  reason: reasonShape,
  rollback: z.boolean().default(false),
});
const reinstateShape = z.strictObject({ by: personShape.optional(), reason: reasonShape });
const rollbackShape = z.strictObject({ ...actShape, ref: z.string().default('main'), to: z.string().optional() });

const revocationShape = z.object({
  ruling: z.number(),
  subject: z.string().meta({ description: 'org/name, publisher org, sha256:..., or rule some-rule' }),
  at: z.string(),
  by: z.string(),
  reason: z.string(),
});
/** Revocations of more than one commit, their end, and the way back for branches. */
export function revocationRoutes({ revoking, rollback }: RevocationRoutesDeps): AdminRoute[] {
  return [
    defineRoute({
      method: 'get',
      path: '/revocations',
      permission: 'inspect',
      changes: false,
      summary: 'List the revocations of repos, contents, publishers and rules that stand',
      request: {},
      answer: { says: 'Those that stand, oldest first', json: z.array(revocationShape) },
      handle: async () => (await revoking.standing()).map(revocationJson),
    }),
    defineRoute({
      method: 'post',
      path: '/revocations',
      permission: 'review',
      changes: true,
      summary: 'Revoke a repo, a content by its sha256, a publisher, or whatever a rule found',
      request: { body: revokeShape },
      answer: {
        says: 'It is in force here, and everywhere within catalog.refreshSeconds',
        json: z.object({
          ruling: z.number(),
          state: z.string(),
          ...movedAnswer,
        }),
      },
      handle: async ({ actor, body }) => {
        const scope = scopeOf(body.scope);
        const act = { by: personOf(actor, body.by), reason: body.reason };
        const { ruling, moved } = await revoking.revoke(scope, act, { rollback: body.rollback });
        return { ruling, subject: scopeText(scope), state: 'revoked', ...movedJson(moved) };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/revocations/{ruling}/reinstate',
      permission: 'review',
      changes: true,
      summary: 'End a revocation: what it stopped is served again',
      request: { params: z.object({ ruling: z.coerce.number().int().positive() }), body: reinstateShape },
      answer: { says: 'It has ended', json: revocationShape.extend({ state: z.string() }) },
      handle: async ({ actor, params: { ruling }, body }) => {
        const act = { by: personOf(actor, body.by), reason: body.reason };
        return { ...revocationJson(await revoking.reinstate(ruling, act)), state: 'reinstated' };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/rollback',
      permission: 'review',
      changes: true,
      summary: 'Point a branch back to the last good commit that it pointed to before, or to another one',
      request: { body: rollbackShape },
      answer: { says: 'The ref points there', json: movedShape.extend({ state: z.string() }) },
      handle: async ({ actor, body }) => {
        const repo = parseRepo(body.kind, body.repo);
        const to = body.to === undefined ? undefined : parseCommitSha(body.to);
        const act = { by: personOf(actor, body.by), reason: body.reason };
        return { ...oneMoved(await rollback.back(repo, parseRef(body.ref), to, act)), state: 'rolled back' };
      },
    }),
  ];
}

function revocationJson({ number, at, by, reason, event }: Revocation): z.output<typeof revocationShape> {
  return { ruling: number, subject: scopeText(event.scope), at, by, reason };
}
