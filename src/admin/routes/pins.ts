// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import type { Journal } from '#src/catalog/journal.ts';
import { pinHistory } from '#src/catalog/pin-history.ts';
import { parseRepo } from '#src/domain/repo.ts';
import { parseRef } from '#src/domain/revision.ts';
import { kindShape } from '../answers.ts';
import { type AdminRoute, defineRoute } from '../route.ts';

export interface PinRoutesDeps {
  readonly journal: Pick<Journal, 'state' | 'entry'>;
}

const queryShape = z.object({
  kind: kindShape.default('models'),
  repo: z.string(),
  ref: z.string().optional().meta({ description: 'a branch or tag; left out: all of them' }),
  before: z.coerce.number().int().min(1).optional().meta({ description: '`next` of the page before' }),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

const moveShape = z.object({
  seq: z.number().meta({ description: 'the number of the signed entry in the journal of the repo' }),
  ref: z.string(),
  kind: z.enum(['branch', 'tag', 'convert', 'pull']),
  from: z.string().nullable().meta({ description: 'null: the first pin, or further back than this page reads' }),
  to: z.string(),
  by: z.string(),
  at: z.string(),
  reason: z.string(),
});

/** Where branches and tags have pointed to, and who moved them. */
export function pinRoutes({ journal }: PinRoutesDeps): AdminRoute[] {
  return [
    defineRoute({
      method: 'get',
      path: '/pins/history',
      permission: 'inspect',
      changes: false,
      summary: 'List every move of a branch or tag, from the signed journal',
      request: { query: queryShape },
      answer: {
        says: 'The moves, the newest first; a page may have none and still a `next`',
        json: z.object({ moves: z.array(moveShape).readonly(), next: z.number().optional() }),
      },
      handle: ({ query: { kind, repo, ref, before, limit } }) =>
        pinHistory(journal, parseRepo(kind, repo), {
          ref: ref === undefined ? undefined : parseRef(ref),
          before,
          limit,
        }),
    }),
  ];
}
