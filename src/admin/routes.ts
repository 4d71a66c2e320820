// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { type Context, Hono } from 'hono';
import * as z from 'zod';
import type { AdminCheck } from '#src/access/admin-token.ts';
import type { KeyRole, PublicKey } from '#src/attest/signer.ts';
import type { Catalog, Found } from '#src/catalog/catalog.ts';
import { AirlockError, type ErrorCode } from '#src/domain/errors.ts';
import type { Release } from '#src/domain/release.ts';
import { parseRepo, type Repo, repoName } from '#src/domain/repo.ts';
import { type CommitSha, parseCommitSha, parseRef, parseRevision, type Revision } from '#src/domain/revision.ts';
import type { Index } from '#src/index/index.ts';
import type { Intakes } from '#src/intake/intakes.ts';
import type { IntakeOutcome, Progress } from '#src/intake/progress.ts';
import type { StoredDecision } from '#src/intake/stored-decision.ts';
import type { Review } from '#src/review/review.ts';
import { parseAdminTarget } from './target.ts';

export interface AdminDeps {
  readonly catalog: Catalog;
  readonly intakes: Intakes;
  readonly review: Review;
  readonly index: Pick<Index, 'intakes' | 'decisions' | 'refs'>;
  readonly keys: Readonly<Record<KeyRole, PublicKey>>;
  readonly isAdmin: AdminCheck;
}

/** How long an approval waits for its intake before it answers that the work goes on. */
const APPROVE_WAIT_MILLISECONDS = 50_000;
const RECENT = 50;

const actShape = {
  kind: z.enum(['models', 'datasets', 'spaces']).default('models'),
  repo: z.string(),
  by: z.string().trim().min(1).max(200),
  reason: z.string().trim().min(1).max(2000),
};
const decideShape = z.strictObject({ ...actShape, revision: z.string().default('main') });
const approveShape = decideShape.extend({ evenDenied: z.boolean().default(false) });
const pinShape = z.strictObject({ ...actShape, ref: z.string(), commit: z.string() });

/** The API behind `airlock status`, `approve`, `reject`, `revoke` and `pin`, and the downloads that let others verify. */
export function createAdmin(deps: AdminDeps): Hono {
  const app = new Hono();

  app.get('/key', (c) =>
    c.body(deps.keys[c.req.query('role') === 'evidence' ? 'evidence' : 'approval'].pem, 200, {
      'content-type': 'application/x-pem-file',
    }),
  );

  app.get('/intakes', async (c) => {
    const recent = await deps.index.intakes.recent(RECENT);
    return c.json({ running: deps.intakes.running().map(progressJson), recent });
  });

  app.get('/decisions', async (c) => {
    requireAdmin(c, deps);
    const outcome = c.req.query('outcome');
    const rows = await deps.index.decisions.list({
      limit: 500,
      ...(outcome === 'held' || outcome === 'denied' ? { outcome } : {}),
    });
    return c.json(
      rows.map(({ kind, repo, commit, outcome, decidedAt, body }) => ({
        kind,
        repo,
        commit,
        outcome,
        decidedAt,
        reasons: (JSON.parse(body) as StoredDecision).decision.reasons,
      })),
    );
  });

  app.post('/approve', async (c) => {
    const asked = await act(c, deps, approveShape);
    const { repo, revision } = subject(asked);
    const { commit, outcome } = await deps.review.approve(repo, revision, asked, asked.evenDenied);
    const settled = await Promise.race([outcome, sleep(APPROVE_WAIT_MILLISECONDS, undefined, { ref: false })]);
    return c.json({ repo: repoName(repo), commit, ...(settled ? outcomeJson(settled) : { state: 'running' }) });
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

  app.get('/:rest{.+}', async (c) => {
    const target = parseAdminTarget(c);
    if (!target) throw new AirlockError('upstream-entry-not-found', 'This mirror does not serve that address.');
    if (target.leaf === 'decision') return c.json(await describe(deps, target.repo, target.revision));
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

/** Authorisation first, then the body: a stranger learns nothing about what a body should look like. */
async function act<T extends z.ZodType>(c: Context, deps: AdminDeps, shape: T): Promise<z.infer<T>> {
  requireAdmin(c, deps);
  const parsed = shape.safeParse(await c.req.json().catch(() => undefined));
  if (!parsed.success)
    throw new AirlockError(
      'bad-request',
      `The request is not valid: ${z.prettifyError(parsed.error).replace(/\s+/g, ' ')}`,
    );
  return parsed.data;
}

function requireAdmin(c: Context, { isAdmin }: AdminDeps): void {
  if (isAdmin(c.req.header('authorization'))) return;
  throw new AirlockError(
    'unauthorized',
    'This needs the administrative token: set AIRLOCK_ADMIN_TOKEN, or run the command where the mirror keeps its data.',
  );
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

/** Everything that is known about a revision: state, decision with reasons, findings. */
async function describe(deps: AdminDeps, repo: Repo, revision: Revision): Promise<object> {
  const name = { kind: repo.kind, repo: repo.id };
  const found = await deps.catalog.find(repo, revision);
  if (found.type !== 'unknown') return { ...name, ...describeFound(found) };
  const seen = revision.type === 'commit' ? revision.commit : (await deps.index.refs.get(repo, revision.ref))?.commit;
  if (seen === undefined) return { ...name, state: 'unknown' };
  // A ref that was never approved has no pin: what a person said about its commit is found under the commit.
  const there = await deps.catalog.find(repo, { type: 'commit', commit: seen });
  if (there.type !== 'unknown') return { ...name, ...describeFound(there) };
  return { ...name, commit: seen, ...(await describeUndecided(deps, repo, seen)) };
}

function describeFound(found: Exclude<Found, { type: 'unknown' }>): object {
  if (found.type === 'release') {
    const { commit, approvedAt, approvedBy, files, digest } = found.release;
    return { commit, state: 'approved', approvedAt, approvedBy, files: files.size, statement: digest };
  }
  const { by, at, reason } = found.act;
  return { commit: found.commit, state: found.type, by, at, reason };
}

async function describeUndecided(deps: AdminDeps, repo: Repo, commit: CommitSha): Promise<object> {
  const running = deps.intakes
    .running()
    .find((progress) => progress.repo.kind === repo.kind && progress.repo.id === repo.id && progress.commit === commit);
  if (running) return { state: 'running', intake: progressJson(running) };
  const row = await deps.index.decisions.get(repo, commit);
  if (!row) return { state: 'unknown' };
  const { decision, license, files } = JSON.parse(row.body) as StoredDecision;
  return { state: decision.outcome, ...decision, license, files };
}

function progressJson(progress: Progress): object {
  const { repo, ...rest } = progress;
  return { kind: repo.kind, repo: repo.id, ...rest };
}

function outcomeJson(outcome: IntakeOutcome): object {
  switch (outcome.type) {
    case 'approved':
      return { state: 'approved' };
    case 'refused':
      return { state: outcome.decision.outcome, reasons: outcome.decision.reasons };
    case 'closed':
      return { state: 'closed' };
    case 'failed':
      return { state: 'failed', error: outcome.error.message };
  }
}
