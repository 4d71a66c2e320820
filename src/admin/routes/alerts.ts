// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import type { Clock } from '#src/domain/clock.ts';
import { AirlockError } from '#src/domain/errors.ts';
import type { Index } from '#src/index/index.ts';
import type { AlertRow } from '#src/index/schema.ts';
import { kindShape } from '../answers.ts';
import { personOf, personShape } from '../requests.ts';
import { type AdminRoute, defineRoute } from '../route.ts';

export interface AlertRoutesDeps {
  readonly index: Pick<Index, 'alerts'>;
  readonly clock: Clock;
}

const alertShape = z.object({
  id: z.number(),
  type: z.string().meta({ description: 'force-push, tag-moved, commit-vanished, repo-vanished, repo-renamed, ...' }),
  kind: kindShape,
  repo: z.string(),
  ref: z.string().nullable(),
  commit: z.string().nullable(),
  message: z.string(),
  raisedAt: z.string(),
  acknowledgedAt: z.string().nullable(),
  acknowledgedBy: z.string().nullable(),
  words: z.string().nullable(),
});

const listShape = z.object({
  all: z.stringbool().default(false).meta({ description: 'true: those that somebody has acknowledged, too' }),
  before: z.coerce.number().int().min(1).optional().meta({ description: 'only alerts of a lower number' }),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

const acknowledgeShape = z.strictObject({
  by: personShape.optional(),
  reason: z.string().trim().min(1).max(2000),
});

/** What upstream did that people should know of. */
export function alertRoutes({ index: { alerts }, clock }: AlertRoutesDeps): AdminRoute[] {
  return [
    defineRoute({
      method: 'get',
      path: '/alerts',
      permission: 'inspect',
      changes: false,
      summary: 'List what upstream did to approved repos: force-pushes, vanished commits, and the like',
      request: { query: listShape },
      answer: { says: 'The alerts, the newest first', json: z.array(alertShape) },
      handle: async ({ query: { all, before, limit } }) =>
        (await alerts.list({ open: !all, before, limit })).map(alertJson),
    }),
    defineRoute({
      method: 'post',
      path: '/alerts/{id}/acknowledge',
      permission: 'review',
      changes: true,
      summary: 'Say what was made of an alert; it is no longer open',
      request: { params: z.object({ id: z.coerce.number().int().min(1) }), body: acknowledgeShape },
      answer: { says: 'The alert', json: alertShape },
      handle: async ({ actor, params: { id }, body }) => {
        const act = { by: personOf(actor, body.by), words: body.reason, at: clock.now().toISOString() };
        const row = await alerts.acknowledge(id, act);
        if (row) return alertJson(row);
        const known = await alerts.get(id);
        if (!known) throw new AirlockError('upstream-entry-not-found', 'This mirror knows no such alert.');
        throw new AirlockError('conflict', `${known.acknowledgedBy} has acknowledged it already: ${known.words}`);
      },
    }),
  ];
}

function alertJson({ fact: _, ...row }: AlertRow): z.infer<typeof alertShape> {
  return row;
}
