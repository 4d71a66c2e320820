// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import type { SourceActs } from '#src/review/sources.ts';
import { kindShape } from '../answers.ts';
import { personOf, personShape, reasonShape } from '../requests.ts';
import { type AdminRoute, defineRoute } from '../route.ts';

export interface SourceRoutesDeps {
  readonly sourceActs: SourceActs;
}

const pattern = z.string().min(1).max(200);
const modeShape = z.enum(['auto', 'review', 'request', 'deny']);
const actBody = { by: personShape.optional(), reason: reasonShape };

const ruleBody = z.strictObject({
  ...actBody,
  match: pattern,
  kind: kindShape.optional(),
  mode: modeShape,
  include: z.array(pattern).min(1).max(100).optional(),
  exclude: z.array(pattern).max(100).optional(),
  gated: z.enum(['hold', 'granted', 'allow']).optional(),
  expiresAt: z.iso.datetime().optional(),
});

const sourceShape = z.object({
  match: z.string(),
  mode: modeShape,
  kinds: z.array(kindShape).readonly(),
  include: z.array(z.string()).readonly(),
  exclude: z.array(z.string()).readonly(),
  gated: z.enum(['hold', 'granted', 'allow']),
  ruling: z.number().optional().meta({ description: 'not there: of the configuration' }),
});

/** Where models may come from: the configuration, and what people ruled at run time. */
export function sourceRoutes({ sourceActs }: SourceRoutesDeps): AdminRoute[] {
  return [
    defineRoute({
      method: 'get',
      path: '/sources',
      permission: 'inspect',
      changes: false,
      summary: 'List sources: rulings first, then the entries of the configuration in their order',
      request: {},
      answer: { says: 'All of them', json: z.array(sourceShape) },
      handle: () => sourceActs.list(),
    }),
    defineRoute({
      method: 'post',
      path: '/sources',
      permission: 'review',
      changes: true,
      summary: 'Rule on a source: what the configuration denies stays denied',
      request: { body: ruleBody },
      answer: { says: 'The number of the ruling', json: z.object({ ruling: z.number() }) },
      handle: async ({ actor, body: { by, reason, ...terms } }) => ({
        ruling: await sourceActs.rule(terms, { by: personOf(actor, by), reason }),
      }),
    }),
    defineRoute({
      method: 'post',
      path: '/sources/{ruling}/end',
      permission: 'review',
      changes: true,
      summary: 'End a ruling on a source: the configuration holds again',
      request: { params: z.object({ ruling: z.coerce.number().int().min(1) }), body: z.strictObject(actBody) },
      answer: { says: 'The ruling has ended', json: z.object({ ruling: z.number(), state: z.literal('ended') }) },
      handle: async ({ actor, params: { ruling }, body }) => {
        await sourceActs.end(ruling, { by: personOf(actor, body.by), reason: body.reason });
        return { ruling, state: 'ended' as const };
      },
    }),
  ];
}
