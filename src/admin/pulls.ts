// SPDX-License-Identifier: Apache-2.0
import { Hono } from 'hono';
import * as z from 'zod';
import type { Catalog } from '#src/catalog/catalog.ts';
import { AirlockError } from '#src/domain/errors.ts';
import type { Release } from '#src/domain/release.ts';
import { parseRepo, REPO_KINDS, type Repo, repoName } from '#src/domain/repo.ts';
import { type CommitSha, parseRevision, type Revision } from '#src/domain/revision.ts';
import type { Intakes } from '#src/intake/intakes.ts';
import { outcomeJson } from './json.ts';
import { foundOutcome } from './not-found.ts';
import { createOperations } from './operations.ts';
import { valid } from './requests.ts';

export interface PullDeps {
  readonly catalog: Pick<Catalog, 'find'>;
  readonly intakes: Pick<Intakes, 'decided' | 'request' | 'running'>;
}

const pullShape = z.strictObject({
  kind: z.enum(REPO_KINDS).default('models'),
  repo: z.string(),
  revision: z.string().default('main'),
});
/** Seconds; at most a little less than proxies let a request wait. */
const waitShape = z.object({ wait: z.coerce.number().min(0).max(50).default(1) });

/** More than pulls at a time; who is forgotten asks again, and joins what runs. */
const KEPT = 5000;

/**
 * Fetching ahead: `POST /pull` starts or joins the intake that a download would, and answers within a second; `GET /pulls/{id}`
 * tells how far it is, or how it ended. For CI and for large models, where a client would have to hang or come back.
 * Whoever may read may ask for it, as by any download.
 */
export function createPulls({ catalog, intakes }: PullDeps): Hono {
  const app = new Hono();
  const operations = createOperations({ intakes, name: 'pull', kept: KEPT });

  async function pull(repo: Repo, revision: Revision, found: (commit: CommitSha) => void): Promise<object> {
    const known = await released(repo, revision);
    if (known) return known;
    const outcome = (await intakes.decided(repo, revision)) ?? (await intakes.request(repo, revision).outcome);
    if (outcome.commit) found(outcome.commit);
    const named = foundOutcome(outcome, repo, revision);
    const commit = outcome.commit === undefined ? {} : { commit: outcome.commit };
    // What came of it the catalog says: a person may have been faster.
    const after = outcome.commit && (await released(repo, { type: 'commit', commit: outcome.commit }));
    return after ?? { repo: repoName(repo), ...commit, ...outcomeJson(named) };
  }

  /** What the catalog knows already: a release, or who closed it. */
  async function released(repo: Repo, revision: Revision): Promise<object | undefined> {
    const found = await catalog.find(repo, revision);
    if (found.type === 'unknown') return undefined;
    if (found.type === 'release') return { repo: repoName(repo), state: 'approved', ...sizeOf(found.release) };
    return { repo: repoName(repo), commit: found.commit, state: found.type, ...found.act };
  }

  app.post('/pull', async (c) => {
    const asked = valid(pullShape, await c.req.json().catch(() => undefined));
    const [repo, revision] = [parseRepo(asked.kind, asked.repo), parseRevision(asked.revision)];
    const { wait } = valid(waitShape, c.req.query());
    const id = operations.begin(repo, revision, (found) => pull(repo, revision, found));
    return c.json(await operations.wait(id, wait * 1000));
  });
  app.get('/pulls/:id', async (c) => {
    const { wait } = valid(waitShape, c.req.query());
    const answer = await operations.wait(c.req.param('id'), wait * 1000);
    if (!answer) throw new AirlockError('upstream-entry-not-found', 'This mirror knows no such pull any more.');
    return c.json(answer);
  });
  return app;
}

function sizeOf({ commit, files }: Release): object {
  return { commit, files: files.size, bytes: [...files.values()].reduce((sum, { size }) => sum + size, 0) };
}
