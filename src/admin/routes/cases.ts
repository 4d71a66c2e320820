// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { parseRepo, repoName } from '#src/domain/repo.ts';
import type { Index } from '#src/index/index.ts';
import type { CaseRow } from '#src/index/schema.ts';
import type { CaseActs } from '#src/review/case-acts.ts';
import { type CaseEvidenceDeps, caseEvidence } from '#src/review/case-evidence.ts';
import type { Cases } from '#src/review/cases.ts';
import { kindShape, outcomeShape } from '../answers.ts';
import type { Approvals } from '../approvals.ts';
import { personOf, personShape, reasonShape } from '../requests.ts';
import { type AdminRoute, defineRoute } from '../route.ts';

export interface CaseRoutesDeps extends CaseEvidenceDeps {
  readonly cases: Pick<Cases, 'get' | 'list' | 'close'>;
  readonly caseActs: CaseActs;
  readonly index: CaseEvidenceDeps['index'] & Pick<Index, 'caseRequesters' | 'caseNotes'>;
}

const STATES = ['open', 'approved', 'rejected', 'closed'] as const;

const caseShape = z.object({
  case: z.number(),
  kind: kindShape,
  repo: z.string(),
  commit: z.string().nullable().meta({ description: 'null: it is about the source' }),
  state: z.enum(STATES),
  reasons: z.array(z.string()),
  openedAt: z.string(),
  asked: z.number(),
  askedAt: z.string(),
  assignee: z.string().nullable(),
  twoPeople: z.boolean(),
  updatedAt: z.string(),
  endedBy: z.string().nullable(),
  endedReason: z.string().nullable(),
});

const shownShape = caseShape.extend({
  requesters: z.array(
    z.object({
      who: z.string(),
      name: z.string(),
      why: z.string().nullable(),
      times: z.number(),
      firstAt: z.string(),
      lastAt: z.string(),
    }),
  ),
  notes: z.array(z.object({ at: z.string(), by: z.string(), act: z.string(), text: z.string() })),
  evidence: z
    .record(z.string(), z.unknown())
    .meta({ description: 'decision, findings, what was judged, and the difference to the last approved commit' }),
});

const params = z.object({ id: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) });
const actBody = { by: personShape.optional(), reason: reasonShape };
const pattern = z.string().min(1).max(200);

const listQuery = z.object({
  state: z.enum(STATES).optional(),
  assignee: z.string().max(200).optional(),
  before: z.coerce.number().int().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

const approveBody = z.strictObject({
  ...actBody,
  evenDenied: z.boolean().default(false),
  match: z.string().max(200).optional().meta({ description: 'of a source: org/* instead of the one repo' }),
  mode: z.enum(['auto', 'review']).optional().meta({ description: 'of a source: what holds from then on' }),
  include: z.array(pattern).min(1).max(100).optional(),
  exclude: z.array(pattern).max(100).optional(),
  gated: z.enum(['hold', 'granted', 'allow']).optional(),
  expiresAt: z.iso.datetime().optional(),
});

/** Questions for people, and what they answer. */
export function caseRoutes(deps: CaseRoutesDeps, approvals: Approvals): AdminRoute[] {
  const { cases, caseActs, index } = deps;
  return [
    defineRoute({
      method: 'get',
      path: '/cases',
      permission: 'inspect',
      changes: false,
      summary: 'List cases, newest first; "before" is the number that the page before ended with',
      request: { query: listQuery },
      answer: { says: 'A page of cases', json: z.array(caseShape) },
      handle: async ({ query }) => (await cases.list(query)).map(caseJson),
    }),
    defineRoute({
      method: 'get',
      path: '/cases/{id}',
      permission: 'inspect',
      changes: false,
      summary: 'Show a case with the evidence, who asked and what was said',
      request: { params },
      answer: { says: 'The case', json: shownShape },
      handle: async ({ params: { id } }) => {
        const row = await cases.get(id);
        const [requesters, notes] = [await index.caseRequesters.list(id), await index.caseNotes.list(id)];
        const evidence = await caseEvidence(deps, row);
        // The evidence may have ended it.
        return { ...caseJson(await cases.get(id)), requesters, notes, evidence };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/cases/{id}/approve',
      permission: 'review',
      changes: true,
      summary: 'Say yes: accept what stands against the commit, or let the source in',
      request: { params, body: approveBody },
      answer: { says: 'How the intake ended, or that it runs', json: outcomeShape },
      handle: async ({ actor, params: { id }, body: { by: named, reason, evenDenied, ...terms } }) => {
        const row = await caseActs.open(id);
        const [repo, by] = [parseRepo(row.kind, row.repo), personOf(actor, named)];
        if (row.commit !== null) {
          const revision = { type: 'commit', commit: row.commit } as const;
          return { ...(await approvals.start(repo, revision, { by, reason, evenDenied })), case: id };
        }
        const ruling = await caseActs.approveSource(id, terms, { by, reason });
        return { repo: repoName(repo), state: 'approved', case: id, ruling };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/cases/{id}/reject',
      permission: 'review',
      changes: true,
      summary: 'Say no: to the commit, or to the repo as a source',
      request: { params, body: z.strictObject(actBody) },
      answer: { says: 'The case as it ended', json: caseShape },
      handle: async ({ actor, params: { id }, body }) =>
        caseJson(await caseActs.reject(id, { by: personOf(actor, body.by), reason: body.reason })),
    }),
    defineRoute({
      method: 'post',
      path: '/cases/{id}/comment',
      permission: 'review',
      changes: true,
      summary: 'Say something about a case',
      request: { params, body: z.strictObject({ by: personShape.optional(), text: reasonShape }) },
      answer: { says: 'The case', json: caseShape },
      handle: async ({ actor, params: { id }, body }) => {
        await caseActs.comment(id, personOf(actor, body.by), body.text);
        return caseJson(await cases.get(id));
      },
    }),
    defineRoute({
      method: 'post',
      path: '/cases/{id}/assign',
      permission: 'review',
      changes: true,
      summary: 'Say who looks into a case; null: nobody',
      request: { params, body: z.strictObject({ by: personShape.optional(), assignee: personShape.nullable() }) },
      answer: { says: 'The case', json: caseShape },
      handle: async ({ actor, params: { id }, body }) =>
        caseJson(await caseActs.assign(id, personOf(actor, body.by), body.assignee)),
    }),
  ];
}

function caseJson({ id, subject: _, openedBy: __, reasons, twoPeople, ...row }: CaseRow): z.output<typeof caseShape> {
  return { case: id, ...row, reasons: JSON.parse(reasons) as string[], twoPeople: twoPeople === 1 };
}
