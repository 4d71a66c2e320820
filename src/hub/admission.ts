// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import type { Catalog, Found } from '#src/catalog/catalog.ts';
import type { Release } from '#src/domain/release.ts';
import { type Repo, repoName } from '#src/domain/repo.ts';
import type { CommitSha, Revision } from '#src/domain/revision.ts';
import type { Intakes } from '#src/intake/intakes.ts';
import type { IntakeOutcome, Progress } from '#src/intake/progress.ts';
import { hubErrorOf } from './errors.ts';
import { closedText, refusalText, secondsLeft, subjectName, waitingText } from './messages.ts';
import type { HubError } from './respond.ts';

/** What a request for (repo, revision) gets: a release, a refusal, or word that it must wait. */
export type Admission =
  | { readonly type: 'release'; readonly release: Release }
  | { readonly type: 'error'; readonly error: HubError }
  | { readonly type: 'waiting'; readonly progress: Progress; readonly error: HubError };

/** How long the request may be held, and what links in its answer are built on. */
export interface AdmissionTerms {
  readonly holdSeconds: number;
  readonly baseUrl: string;
}

export interface AdmissionDeps {
  readonly catalog: Catalog;
  readonly intakes: Intakes;
}

/**
 * The gate of the Hub door. Approved: answered by the catalog alone. Refused before, and nothing has changed since:
 * refused again, without upstream. Otherwise an intake is started or joined, and the request is held for up to
 * `holdSeconds`; the intake goes on when the client does not wait.
 */
export async function admit(
  deps: AdmissionDeps,
  repo: Repo,
  revision: Revision,
  { holdSeconds, baseUrl }: AdmissionTerms,
): Promise<Admission> {
  const found = await deps.catalog.find(repo, revision);
  if (found.type !== 'unknown') return answerFound(repo, found);
  const decided = await deps.intakes.decided(repo, revision);
  if (decided) return answerOutcome({ ...deps, baseUrl }, repo, revision, decided);

  const ticket = deps.intakes.request(repo, revision);
  const timer = new AbortController();
  const outcome = await Promise.race([
    ticket.outcome,
    sleep(holdSeconds * 1000, undefined, { signal: timer.signal, ref: false }).catch(() => undefined),
  ]);
  timer.abort();
  if (!outcome) return waiting(baseUrl, repo, ticket.progress());
  return answerOutcome({ ...deps, baseUrl }, repo, revision, outcome);
}

async function answerOutcome(
  deps: AdmissionDeps & Pick<AdmissionTerms, 'baseUrl'>,
  repo: Repo,
  revision: Revision,
  outcome: IntakeOutcome,
): Promise<Admission> {
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
      return { type: 'error', error: refusal(deps.baseUrl, repo, outcome) };
    case 'failed':
      return { type: 'error', error: failureError(repo, revision, outcome) };
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
  if (found.type === 'release') return found;
  // On a branch, RevisionNotFound is the only answer that clients' caches do not hide (hub-api 6.4).
  const hidden = found.type !== 'rejected' && found.byRef;
  const error: HubError = {
    status: hidden ? 404 : 403,
    code: hidden ? 'RevisionNotFound' : 'GatedRepo',
    message: closedText(repo, found.commit, found.type, found.act),
    warningTopic: topic(repo, found.commit, found.type),
  };
  return { type: 'error', error };
}

function refusal(baseUrl: string, repo: Repo, refused: Extract<IntakeOutcome, { type: 'refused' }>): HubError {
  return {
    status: 403,
    code: 'GatedRepo',
    message: refusalText(repo, refused.commit, refused.decision, baseUrl),
    warningTopic: topic(repo, refused.commit, refused.decision.outcome),
  };
}

function waiting(baseUrl: string, repo: Repo, progress: Progress): Admission {
  const left = secondsLeft(progress) ?? 20;
  const error: HubError = {
    status: 503,
    // Five tries of the client should cover the estimate (hub-api 7.2, 4).
    retryAfter: Math.min(120, Math.max(5, Math.ceil(left / 4))),
    message: waitingText(repo, progress, baseUrl),
    warningTopic: topic(repo, progress.commit, 'wait'),
  };
  return { type: 'waiting', progress, error };
}

function failureError(
  repo: Repo,
  revision: Revision,
  { commit, error }: Extract<IntakeOutcome, { type: 'failed' }>,
): HubError {
  const answer = hubErrorOf(error);
  const name = subjectName(repo, commit ?? revision);
  if (error.code === 'upstream-repo-not-found')
    return {
      ...answer,
      message: `[airlock] ${repoName(repo)} was not found upstream (checked ${new Date().toISOString()}).`,
      warningTopic: topic(repo, undefined, 'unknown'),
    };
  const missing = error.code === 'upstream-revision-not-found';
  const message = missing
    ? `[airlock] ${name} was not found upstream.`
    : answer.message.replace('[airlock] ', `[airlock] ${name}: `);
  return { ...answer, message, warningTopic: topic(repo, commit, error.code) };
}

/** Clients print a warning once per topic and process: one topic per repo, commit and answer. */
function topic(repo: Repo, commit: CommitSha | undefined, what: string): string {
  return `airlock-${repoName(repo).replaceAll('/', '-')}-${commit?.slice(0, 7) ?? 'any'}-${what}`;
}
