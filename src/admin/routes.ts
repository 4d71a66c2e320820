// SPDX-License-Identifier: Apache-2.0
import { Hono } from 'hono';
import * as z from 'zod';
import type { AdminCheck } from '#src/access/admin-token.ts';
import type { Tokens } from '#src/access/tokens.ts';
import type { KeyRole, PublicKey } from '#src/attest/signer.ts';
import type { Catalog } from '#src/catalog/catalog.ts';
import { AirlockError, type ErrorCode, isAirlockError } from '#src/domain/errors.ts';
import type { Release } from '#src/domain/release.ts';
import { parseRepo, REPO_KINDS, type Repo, repoName } from '#src/domain/repo.ts';
import { parseCommitSha, parseRef, parseRevision, type Revision } from '#src/domain/revision.ts';
import type { Index } from '#src/index/index.ts';
import type { DecisionRow } from '#src/index/schema.ts';
import type { Intakes } from '#src/intake/intakes.ts';
import type { AskAgain, Rescan } from '#src/intake/rescan.ts';
import type { StoredDecision } from '#src/intake/stored-decision.ts';
import type { Review } from '#src/review/review.ts';
import { createApprovals } from './approvals.ts';
import { type DescribeDeps, describe } from './describe.ts';
import { progressJson } from './json.ts';
import { createPulls } from './pulls.ts';
import { recentJson } from './recent.ts';
import { act, personShape, requireAdmin, valid } from './requests.ts';
import { parseAdminTarget } from './target.ts';
import { createTokenRoutes } from './tokens.ts';

export interface AdminDeps {
  readonly catalog: Catalog;
  readonly intakes: Intakes;
  readonly review: Review;
  readonly rescan: Pick<Rescan, 'reload' | 'report'>;
  readonly explain: DescribeDeps['explain'];
  readonly index: Pick<Index, 'intakes' | 'decisions' | 'refs'>;
  readonly keys: Readonly<Record<KeyRole, PublicKey>>;
  /** All that verify release statements, those of before a rotation included. Default: `keys`. */
  readonly trusted: readonly PublicKey[];
  readonly isAdmin: AdminCheck;
  readonly tokens: Tokens;
  /** How long an approval waits for its intake before it answers that the work goes on. Default: 50 seconds. */
  readonly approveWaitMilliseconds?: number;
}

const APPROVE_WAIT_MILLISECONDS = 50_000;
const RECENT = 50;
/** Of a decision in a list; all of them are in the description of its commit. */
const LISTED_REASONS = 20;

const actShape = {
  kind: z.enum(REPO_KINDS).default('models'),
  repo: z.string(),
  by: personShape,
  reason: z.string().trim().min(1).max(2000),
};
const decideShape = z.strictObject({ ...actShape, revision: z.string().default('main') });
const approveShape = decideShape.extend({ evenDenied: z.boolean().default(false) });
const pinShape = z.strictObject({ ...actShape, ref: z.string(), commit: z.string() });

/** No body is an order too: to read the rules again, and nothing else. */
const rescanShape = z.strictObject({ malware: z.enum(['changed', 'all']).optional() });
const passShape = z.object({ id: z.uuid().optional() });

const listShape = z.object({
  outcome: z.enum(['held', 'denied']).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

/** The API behind `airlock status`, `approve`, `reject`, `revoke` and `pin`, and the downloads that let others verify. */
export function createAdmin(deps: AdminDeps): Hono {
  const app = new Hono();
  const approvals = createApprovals({
    ...deps,
    waitMilliseconds: deps.approveWaitMilliseconds ?? APPROVE_WAIT_MILLISECONDS,
  });
  const describeDeps: DescribeDeps = deps;

  // Progress is for everybody who waits. What broke in our house, and how each run ended, is for its people.
  app.get('/intakes', async (c) => {
    const recent = await deps.index.intakes.recent(RECENT);
    const admin = deps.isAdmin(c.req.header('authorization'));
    return c.json({
      running: deps.intakes.running().map(progressJson),
      recent: admin ? await recentJson(deps, recent) : recent.map(({ errorMessage: _, ...row }) => row),
    });
  });

  app.get('/decisions', async (c) => {
    requireAdmin(c, deps);
    const { outcome, limit } = valid(listShape, c.req.query());
    const rows = await deps.index.decisions.list({ limit, ...(outcome === undefined ? {} : { outcome }) });
    return c.json(rows.map(decisionJson));
  });

  app.post('/approve', async (c) => {
    const asked = await act(c, deps, approveShape);
    const { repo, revision } = subject(asked);
    const { by, reason, evenDenied } = asked;
    return c.json(await approvals.start(repo, revision, { by, reason, evenDenied }));
  });
  app.get('/approvals/:id', async (c) => {
    requireAdmin(c, deps);
    const answer = await approvals.wait(c.req.param('id'));
    if (!answer) throw new AirlockError('upstream-entry-not-found', 'This mirror knows no such approval any more.');
    return c.json(answer);
  });
  app.post('/reject', async (c) => {
    const asked = await act(c, deps, decideShape);
    const { repo, revision } = subject(asked);
    return c.json({ repo: repoName(repo), commit: await deps.review.reject(repo, revision, asked), state: 'rejected' });
  });
  app.post('/revoke', async (c) => {
    const asked = await act(c, deps, decideShape);
    const { repo, revision } = subject(asked);
    return c.json({ repo: repoName(repo), commit: await deps.review.revoke(repo, revision, asked), state: 'revoked' });
  });
  app.post('/pin', async (c) => {
    const asked = await act(c, deps, pinShape);
    const repo = parseRepo(asked.kind, asked.repo);
    const commit = parseCommitSha(asked.commit);
    await deps.review.pin(repo, parseRef(asked.ref), commit, asked);
    return c.json({ repo: repoName(repo), commit, ref: asked.ref, state: 'pinned' });
  });

  app.post('/rescan', async (c) => {
    requireAdmin(c, deps);
    const text = await c.req.text();
    const { malware } = valid(rescanShape, text === '' ? {} : parsedJson(text));
    return c.json(reloaded(deps.rescan, malware), 202);
  });
  app.get('/rescan', (c) => {
    requireAdmin(c, deps);
    const { id } = valid(passShape, c.req.query());
    const report = deps.rescan.report(id);
    if (id !== undefined && report === undefined)
      throw new AirlockError('upstream-entry-not-found', 'This mirror knows no such rescan any more.');
    return c.json(report ?? null);
  });

  app.route('/tokens', createTokenRoutes(deps));
  app.route('/', createPulls(deps));

  app.get('/:rest{.+}', async (c) => {
    const target = parseAdminTarget(c);
    if (!target) throw new AirlockError('upstream-entry-not-found', 'This mirror does not serve that address.');
    if (target.leaf === 'decision') {
      const admin = deps.isAdmin(c.req.header('authorization'));
      return c.json(await describe(describeDeps, target.repo, target.revision, admin));
    }
    const release = await requireRelease(deps, target.repo, target.revision);
    const bytes =
      target.leaf === 'statement'
        ? await deps.catalog.statementBundle(release)
        : await deps.catalog.modelSignatureBundle(release);
    return c.body(new Uint8Array(bytes), 200, {
      'content-type': 'application/vnd.dev.sigstore.bundle.v0.3+json',
      'x-repo-commit': release.commit,
    });
  });
  return app;
}

/** What is wrong with the rules is for the person who asked, and no failure of the mirror. */
function reloaded(rescan: AdminDeps['rescan'], malware: AskAgain | undefined): object {
  try {
    return rescan.reload(malware);
  } catch (error) {
    if (isAirlockError(error, 'config-invalid')) throw new AirlockError('conflict', error.message, {}, error);
    throw error;
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function subject(asked: { kind: Repo['kind']; repo: string; revision: string }): { repo: Repo; revision: Revision } {
  return { repo: parseRepo(asked.kind, asked.repo), revision: parseRevision(asked.revision) };
}

async function requireRelease(deps: AdminDeps, repo: Repo, revision: Revision): Promise<Release> {
  const found = await deps.catalog.find(repo, revision);
  if (found.type === 'release') return found.release;
  const code: ErrorCode = 'upstream-revision-not-found';
  throw new AirlockError(code, `${repoName(repo)} has no approved release at that revision.`, { repo: repoName(repo) });
}

function decisionJson({ kind, repo, commit, outcome, decidedAt, body }: DecisionRow): object {
  const { reasons } = (JSON.parse(body) as StoredDecision).decision;
  const counted = reasons.length > LISTED_REASONS ? { reasonsCount: reasons.length } : {};
  return { kind, repo, commit, outcome, decidedAt, reasons: reasons.slice(0, LISTED_REASONS), ...counted };
}
