// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { recordKey } from '#src/audit/keys.ts';
import type { Ledger } from '#src/audit/ledger.ts';
import type { Finding } from '#src/audit/verify.ts';
import { AirlockError, messageOf } from '#src/domain/errors.ts';
import { parseRepo, REPO_KINDS } from '#src/domain/repo.ts';
import { parseCommitSha } from '#src/domain/revision.ts';
import type { AuditPlace } from '#src/index/audit-events.ts';
import type { AuditEventRow } from '#src/index/schema.ts';
import { type AdminRoute, defineRoute } from '../route.ts';

export interface AuditRoutesDeps {
  readonly ledger: Pick<Ledger, 'search' | 'rebuild'>;
  /** Every record of every chain, read and compared. */
  readonly verifyAudit: () => AsyncIterable<Finding>;
}

const time = z
  .union([z.iso.datetime(), z.iso.date()], 'a time such as 2026-03-01 or 2026-03-01T12:00:00Z')
  .transform((text) => new Date(text).toISOString());

const searchShape = z.strictObject({
  kind: z.enum(REPO_KINDS).default('models'),
  repo: z.string().optional(),
  commit: z.string().optional(),
  who: z.string().max(200).optional().meta({ description: 'id of a token, its owner, a name, or an address' }),
  since: time.optional(),
  until: time.optional(),
  type: z.string().max(500).optional().meta({ description: 'one or more types of event, with commas between them' }),
  order: z.enum(['newest', 'oldest']).default('newest'),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(2000).optional(),
});

const nullable = z.string().nullable();
const eventShape = z.object({
  record: z.string().meta({ description: 'the signed record in the store that says it' }),
  at: z.string(),
  last: z.string().meta({ description: 'of what covers a stretch of time: its end' }),
  type: z.string(),
  actor: nullable.meta({ description: 'id of the token' }),
  owner: nullable.meta({ description: 'whose token, or who decided' }),
  address: nullable,
  kind: nullable,
  repo: nullable,
  commit: nullable,
  path: nullable,
  sha256: nullable,
  details: z.record(z.string(), z.unknown()),
});
type AuditEventAnswer = z.infer<typeof eventShape>;

/** Who did, decided and read what. */
export function auditRoutes({ ledger, verifyAudit }: AuditRoutesDeps): AdminRoute[] {
  return [
    defineRoute({
      method: 'get',
      path: '/audit/events',
      permission: 'audit',
      changes: false,
      summary: 'Search acts, decisions, refusals and accesses',
      request: { query: searchShape },
      answer: {
        says: 'A page of events, and the cursor of the next one',
        json: z.object({ events: z.array(eventShape), next: nullable }),
      },
      handle: async ({ query }) => {
        const rows = await ledger.search(queryOf(query));
        const last = rows.length < query.limit ? undefined : rows.at(-1);
        return { events: rows.map(eventOf), next: last ? writeCursor(last) : null };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/audit/verify',
      permission: 'audit',
      changes: false,
      summary: 'Check every signed record: its signature, its place, and that none is missing',
      request: {},
      answer: { says: 'JSON lines: progress, problem, and at last end (or failed)', type: 'application/x-ndjson' },
      handle: () => ({ bytes: ReadableStream.from(lines(verifyAudit())) }),
    }),
    defineRoute({
      method: 'post',
      path: '/audit/rebuild',
      permission: 'audit',
      changes: true,
      summary: 'Forget what searches go by, and read it anew from the signed records',
      request: {},
      answer: { says: 'It is done', json: z.object({ state: z.literal('rebuilt') }) },
      handle: async () => {
        await ledger.rebuild();
        return { state: 'rebuilt' as const };
      },
    }),
  ];
}

function queryOf(query: z.output<typeof searchShape>): Parameters<Ledger['search']>[0] {
  const { kind, repo, commit, who, since, until, type, order, limit, cursor } = query;
  return {
    ...(repo === undefined ? {} : { repo: parseRepo(kind, repo) }),
    ...(commit === undefined ? {} : { commit: parseCommitSha(commit) }),
    ...(who === undefined ? {} : { who }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(type === undefined ? {} : { types: type.split(',').map((one) => one.trim()) }),
    ...(cursor === undefined ? {} : { after: readCursor(cursor) }),
    order: `${order} first` as const,
    limit,
  };
}

function eventOf({ chain, seq, n: _, kind, body, ...row }: AuditEventRow): AuditEventAnswer {
  return { record: recordKey(chain, seq), ...row, kind, details: JSON.parse(body) as Record<string, unknown> };
}

const placeShape = z.tuple([z.string(), z.string(), z.number().int(), z.number().int()]);

function writeCursor({ at, chain, seq, n }: AuditPlace): string {
  return Buffer.from(JSON.stringify([at, chain, seq, n])).toString('base64url');
}

function readCursor(text: string): AuditPlace {
  try {
    const [at, chain, seq, n] = placeShape.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
    return { at, chain, seq, n };
  } catch (error) {
    throw new AirlockError('bad-request', 'The cursor is none that this mirror gave out.', {}, error);
  }
}

/** The answer has begun: what breaks on the way is said in it, as its last line. */
async function* lines(findings: AsyncIterable<Finding>): AsyncGenerator<Uint8Array> {
  const line = (value: object) => new TextEncoder().encode(`${JSON.stringify(value)}\n`);
  try {
    for await (const finding of findings) yield line(finding);
  } catch (error) {
    const what = error instanceof AirlockError ? error.code : 'internal';
    yield line({ type: 'failed', problem: what === 'internal' ? what : `${what}: ${messageOf(error)}` });
  }
}
