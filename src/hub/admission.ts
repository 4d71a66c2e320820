// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import type { Requester } from '#src/access/requester.ts';
import type { Catalog, Found } from '#src/catalog/catalog.ts';
import type { Release } from '#src/domain/release.ts';
import type { Repo } from '#src/domain/repo.ts';
import type { CommitSha, Revision } from '#src/domain/revision.ts';
import type { Intakes } from '#src/intake/intakes.ts';
import type { IntakeOutcome, Progress } from '#src/intake/progress.ts';
import { caseOf } from '#src/review/case-of.ts';
import type { Cases } from '#src/review/cases.ts';
import { hubErrorOf } from './errors.ts';
import { closedError, failedError, refusedError, waitingError } from './refusals.ts';
import type { HubError } from './respond.ts';

/** What a request for (repo, revision) gets: a release, a refusal, or word that it must wait. */
export type Admission =
  | { readonly type: 'release'; readonly release: Release }
  | { readonly type: 'error'; readonly error: HubError }
  | { readonly type: 'waiting'; readonly progress: Progress; readonly error: HubError };

export interface AdmissionDeps {
  readonly catalog: Catalog;
  readonly intakes: Intakes;
  /** Where a person has to answer, the question gets a number. */
  readonly cases: Pick<Cases, 'asked'>;
}

export interface AdmissionRequest {
  readonly repo: Repo;
  readonly revision: Revision;
  /** How long it may be held. */
  readonly holdSeconds: number;
  /** What links in its answer are built on. */
  readonly baseUrl: string;
  readonly requester: Requester;
}

/**
 * The gate of the Hub door. Approved: answered by the catalog alone. Refused before, and nothing has changed since:
 * refused again, without upstream. Otherwise an intake is started or joined, and the request is held for up to
 * `holdSeconds`; the intake goes on when the client does not wait.
 */
export async function admit(deps: AdmissionDeps, request: AdmissionRequest): Promise<Admission> {
  const { repo, revision, holdSeconds, baseUrl } = request;
  const found = await deps.catalog.find(repo, revision);
  if (found.type !== 'unknown') return answerFound(repo, found);
  const decided = await deps.intakes.decided(repo, revision);
  if (decided) return answerOutcome(deps, request, decided);

  const ticket = deps.intakes.request(repo, revision);
  const timer = new AbortController();
  const outcome = await Promise.race([
    ticket.outcome,
    sleep(holdSeconds * 1000, undefined, { signal: timer.signal, ref: false }).catch(() => undefined),
  ]);
  timer.abort();
  if (outcome) return answerOutcome(deps, request, outcome);
  const progress = ticket.progress();
  return { type: 'waiting', progress, error: waitingError(repo, revision, progress, baseUrl) };
}

async function answerOutcome(
  deps: AdmissionDeps,
  request: AdmissionRequest,
  outcome: IntakeOutcome,
): Promise<Admission> {
  const { repo, revision } = request;
  const about = async () => ({ ...request, state: await deps.catalog.served(repo) });
  switch (outcome.type) {
    case 'closed': {
      const { commit, closing } = outcome;
      // Closed while it ran: then the journal says who.
      if (!closing) return answerCommit(deps, repo, revision, commit);
      return answerFound(repo, { type: closing.status, commit, act: closing, byRef: revision.type === 'ref' });
    }
    case 'approved':
      return answerCommit(deps, repo, revision, outcome.commit);
    case 'refused':
      return { type: 'error', error: refusedError(await about(), outcome, await caseOf(deps, request, outcome)) };
    case 'failed':
      return { type: 'error', error: failedError(await about(), outcome) };
  }
}

/** By commit: the ref may be pinned elsewhere, or may have no pin at all (a short sha). */
async function answerCommit(
  deps: AdmissionDeps,
  repo: Repo,
  revision: Revision,
  commit: CommitSha,
): Promise<Admission> {
  const found = await deps.catalog.find(repo, { type: 'commit', commit });
  if (found.type === 'release') return found;
  if (found.type !== 'unknown') return answerFound(repo, { ...found, byRef: revision.type === 'ref' });
  return { type: 'error', error: { ...hubErrorOf(undefined), status: 503, retryAfter: 5 } };
}

function answerFound(repo: Repo, found: Exclude<Found, { type: 'unknown' }>): Admission {
  return found.type === 'release' ? found : { type: 'error', error: closedError(repo, found) };
}
