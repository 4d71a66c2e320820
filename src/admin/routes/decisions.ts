// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { may } from '#src/access/actor.ts';
import type { Index } from '#src/index/index.ts';
import type { DecisionRow } from '#src/index/schema.ts';
import type { StoredDecision } from '#src/intake/stored-decision.ts';
import { kindShape, reasonsShape } from '../answers.ts';
import { type DescribeDeps, describe, descriptionShape } from '../describe.ts';
import { requireGrantFor } from '../restricted.ts';
import { type AdminRoute, defineRoute, revisionRoute } from '../route.ts';

export interface DecisionRoutesDeps extends DescribeDeps {
  readonly index: Pick<Index, 'intakes' | 'decisions' | 'refs'>;
}

/** Of a decision in a list; all of them are in the description of its commit. */
const LISTED_REASONS = 20;

const listShape = z.object({
  outcome: z.enum(['held', 'denied']).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

const decisionShape = z.object({
  kind: kindShape,
  repo: z.string(),
  commit: z.string(),
  outcome: z.string(),
  decidedAt: z.string(),
  reasons: reasonsShape,
  reasonsCount: z.number().optional().meta({ description: 'how many there are, where not all are listed' }),
});

/** What was decided and why. */
export function decisionRoutes(deps: DecisionRoutesDeps): AdminRoute[] {
  return [
    defineRoute({
      method: 'get',
      path: '/decisions',
      permission: 'inspect',
      changes: false,
      summary: 'List what is held and what is denied',
      request: { query: listShape },
      answer: { says: 'The newest decisions', json: z.array(decisionShape) },
      handle: async ({ query: { outcome, limit } }) => {
        const rows = await deps.index.decisions.list({ limit, ...(outcome === undefined ? {} : { outcome }) });
        return rows.map(decisionJson);
      },
    }),
    revisionRoute('decision', {
      method: 'get',
      permission: 'read',
      changes: false,
      summary: 'Tell everything that is known about a revision: state, reasons, findings, and what is signed',
      request: {},
      answer: { says: 'What is known', json: descriptionShape },
      handle: async ({ actor, params: { repo, revision } }) => {
        await requireGrantFor(deps.catalog, actor, repo, revision);
        return describe(deps, repo, revision, actor !== undefined && may(actor, 'inspect'));
      },
    }),
  ];
}

function decisionJson({ kind, repo, commit, outcome, decidedAt, body }: DecisionRow): z.infer<typeof decisionShape> {
  const { reasons } = (JSON.parse(body) as StoredDecision).decision;
  const counted = reasons.length > LISTED_REASONS ? { reasonsCount: reasons.length } : {};
  return { kind, repo, commit, outcome, decidedAt, reasons: reasons.slice(0, LISTED_REASONS), ...counted };
}
