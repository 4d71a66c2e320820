// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { may } from '#src/access/actor.ts';
import type { Catalog } from '#src/catalog/catalog.ts';
import type { Index } from '#src/index/index.ts';
import type { Intakes } from '#src/intake/intakes.ts';
import { progressJson } from '../json.ts';
import { recentJson } from '../recent.ts';
import { type AdminRoute, defineRoute } from '../route.ts';

export interface IntakeRoutesDeps {
  readonly catalog: Pick<Catalog, 'state'>;
  readonly intakes: Pick<Intakes, 'running'>;
  readonly index: Pick<Index, 'intakes' | 'decisions'>;
}

const RECENT = 50;

const intakesShape = z.object({
  running: z.array(z.looseObject({ kind: z.string(), repo: z.string(), stage: z.string() })),
  recent: z.array(z.looseObject({ kind: z.string(), repo: z.string(), commit: z.string(), state: z.string() })),
});

/** Progress is for everybody who waits. What broke in our house, and how each run ended, is for its people. */
export function intakeRoutes(deps: IntakeRoutesDeps): AdminRoute[] {
  return [
    defineRoute({
      method: 'get',
      path: '/intakes',
      permission: 'read',
      changes: false,
      summary: 'List the intakes that run and the last ones that ran',
      request: {},
      answer: { says: 'Those that run, and the newest that ended', json: intakesShape },
      handle: async ({ actor }) => {
        const recent = await deps.index.intakes.recent(RECENT);
        const whole = actor !== undefined && may(actor, 'inspect');
        return {
          running: deps.intakes.running().map(progressJson),
          recent: whole ? await recentJson(deps, recent) : recent.map(({ errorMessage: _, ...row }) => row),
        };
      },
    }),
  ];
}
