// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import type { Actor } from '#src/access/actor.ts';
import { may } from '#src/access/actor.ts';
import { mayRead } from '#src/access/restricted.ts';
import type { Catalog } from '#src/catalog/catalog.ts';
import { restrictionOf } from '#src/catalog/chosen-release.ts';
import type { Repo } from '#src/domain/repo.ts';
import type { Index } from '#src/index/index.ts';
import type { Intakes } from '#src/intake/intakes.ts';
import { progressJson } from '../json.ts';
import { recentJson } from '../recent.ts';
import { type AdminRoute, defineRoute } from '../route.ts';

export interface IntakeRoutesDeps {
  readonly catalog: Pick<Catalog, 'state' | 'find' | 'lastRestricted'>;
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
        const running = deps.intakes.running();
        if (actor && may(actor, 'inspect'))
          return { running: running.map(progressJson), recent: await recentJson(deps, recent) };
        const [shown, ended] = await Promise.all([
          visible(deps, actor, running, ({ repo }) => repo),
          visible(deps, actor, recent, ({ kind, repo }) => ({ kind, id: repo })),
        ]);
        return { running: shown.map(progressJson), recent: ended.map(({ errorMessage: _, ...row }) => row) };
      },
    }),
  ];
}

/** Less what is about a restricted repo that was not granted; one whose records can not be read may be one. */
async function visible<T>(
  { catalog }: IntakeRoutesDeps,
  actor: Actor | undefined,
  rows: readonly T[],
  repoOf: (row: T) => Repo,
): Promise<T[]> {
  const shown = await Promise.all(
    rows.map((row) =>
      restrictionOf(catalog, repoOf(row)).then(
        (restriction) => mayRead(actor, restriction),
        () => false,
      ),
    ),
  );
  return rows.filter((_, i) => shown[i]);
}
