// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import type { Actor } from '#src/access/actor.ts';
import { type Requester, requesterOf } from '#src/access/requester.ts';
import type { Catalog } from '#src/catalog/catalog.ts';
import { AirlockError } from '#src/domain/errors.ts';
import type { Release } from '#src/domain/release.ts';
import { parseRepo, REPO_KINDS, type Repo, repoName } from '#src/domain/repo.ts';
import { type CommitSha, parseRevision, type Revision } from '#src/domain/revision.ts';
import type { Intakes } from '#src/intake/intakes.ts';
import { caseOf } from '#src/review/case-of.ts';
import type { Cases } from '#src/review/cases.ts';
import { type OutcomeAnswer, outcomeShape } from '../answers.ts';
import { outcomeJson } from '../json.ts';
import { foundOutcome } from '../not-found.ts';
import { createOperations } from '../operations.ts';
import { requireGrant, requireGrantFor } from '../restricted.ts';
import { type AdminRoute, defineRoute } from '../route.ts';

export interface PullDeps {
  readonly catalog: Pick<Catalog, 'find' | 'state' | 'lastRestricted'>;
  readonly intakes: Pick<Intakes, 'decided' | 'request' | 'running'>;
  readonly cases: Pick<Cases, 'asked'>;
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
 * Whoever may read may ask for it, as by any download: it is no act.
 */
export function pullRoutes({ catalog, intakes, cases }: PullDeps): AdminRoute[] {
  const operations = createOperations({ intakes, name: 'pull', kept: KEPT });

  async function pull(
    actor: Actor | undefined,
    repo: Repo,
    revision: Revision,
    requester: Requester,
    found: (commit: CommitSha) => void,
  ): Promise<OutcomeAnswer> {
    const known = await released(actor, repo, revision);
    if (known) return known;
    const outcome = (await intakes.decided(repo, revision)) ?? (await intakes.request(repo, revision).outcome);
    if (outcome.commit) found(outcome.commit);
    const named = foundOutcome(outcome, repo, revision);
    const commit = outcome.commit === undefined ? {} : { commit: outcome.commit };
    // What came of it the catalog says: a person may have been faster.
    const after = outcome.commit && (await released(actor, repo, { type: 'commit', commit: outcome.commit }));
    if (after) return after;
    const number = outcome.type === 'refused' ? await caseOf({ cases }, { repo, requester }, outcome) : undefined;
    return { repo: repoName(repo), ...commit, ...outcomeJson(named), ...(number !== undefined && { case: number }) };
  }

  /** What the catalog knows already: a release, or who closed it. */
  async function released(
    actor: Actor | undefined,
    repo: Repo,
    revision: Revision,
  ): Promise<OutcomeAnswer | undefined> {
    const found = await catalog.find(repo, revision);
    if (found.type === 'unknown') return undefined;
    if (found.type === 'release') {
      requireGrant(actor, found.release);
      return { repo: repoName(repo), state: 'approved', ...sizeOf(found.release) };
    }
    return { repo: repoName(repo), commit: found.commit, state: found.type, ...found.act };
  }

  async function wait(id: string, seconds: number): Promise<OutcomeAnswer> {
    const answer = await operations.wait(id, seconds * 1000);
    if (!answer) throw new AirlockError('upstream-entry-not-found', 'This mirror knows no such pull any more.');
    return answer;
  }

  return [
    defineRoute({
      method: 'post',
      path: '/pull',
      permission: 'read',
      changes: false,
      summary: 'Have a revision fetched ahead, as a download would',
      request: { body: pullShape, query: waitShape },
      answer: { says: 'What is known already, or that the intake runs', json: outcomeShape },
      handle: async ({ actor, address, body, query }) => {
        const requester = requesterOf(actor, address);
        const [repo, revision] = [parseRepo(body.kind, body.repo), parseRevision(body.revision)];
        await requireGrantFor(catalog, actor, repo, revision);
        return wait(
          operations.begin(repo, revision, (found) => pull(actor, repo, revision, requester, found)),
          query.wait,
        );
      },
    }),
    defineRoute({
      method: 'get',
      path: '/pulls/{id}',
      permission: 'read',
      changes: false,
      summary: 'Wait for a pull that runs',
      request: { params: z.object({ id: z.string() }), query: waitShape },
      answer: { says: 'How it ended, or how far it is', json: outcomeShape },
      handle: ({ params, query }) => wait(params.id, query.wait),
    }),
  ];
}

function sizeOf({ commit, files }: Release): { commit: CommitSha; files: number; bytes: number } {
  return { commit, files: files.size, bytes: [...files.values()].reduce((sum, { size }) => sum + size, 0) };
}
