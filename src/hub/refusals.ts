// SPDX-License-Identifier: Apache-2.0
import type { Act, RepoState } from '#src/catalog/repo-state.ts';
import type { AirlockError, ErrorCode } from '#src/domain/errors.ts';
import { type Repo, repoName } from '#src/domain/repo.ts';
import type { CommitSha, Revision } from '#src/domain/revision.ts';
import type { IntakeOutcome, Progress } from '#src/intake/progress.ts';
import { hubErrorOf } from './errors.ts';
import { approvedText, closedText, refusalText, secondsLeft, subjectName, waitingText } from './messages.ts';
import type { HubError } from './respond.ts';

/** Why a request gets no release, as its client is told (hub-api 6.3). `state`: what the journal says of the repo. */
interface About {
  readonly repo: Repo;
  readonly revision: Revision;
  readonly state: RepoState;
  readonly baseUrl: string;
}

interface Closed {
  readonly type: 'revoked' | 'rejected' | 'quarantined';
  readonly commit: CommitSha;
  readonly act: Act;
  readonly byRef: boolean;
}

export function closedError(repo: Repo, { type, commit, act, byRef }: Closed): HubError {
  // On a branch, RevisionNotFound is the only answer that clients' caches do not hide (hub-api 6.4).
  const hidden = type !== 'rejected' && byRef;
  return {
    status: hidden ? 404 : 403,
    code: hidden ? 'RevisionNotFound' : 'GatedRepo',
    message: closedText(repo, commit, type, act),
    warningTopic: topic(repo, commit, type),
  };
}

export function refusedError(
  { repo, revision, state, baseUrl }: About,
  { commit, decision }: Extract<IntakeOutcome, { type: 'refused' }>,
  caseId?: number,
): HubError {
  const approved = commit === undefined ? approvedText(state) : undefined;
  // The source is closed, and copies from before it was are served: this revision is none of them.
  if (approved !== undefined)
    return {
      status: 404,
      code: 'RevisionNotFound',
      message: `[airlock] ${subjectName(repo, revision)} is not approved here, and nothing new comes in from this source${caseId === undefined ? '' : ` before a person approves it (case ${caseId})`}. ${approved}`,
      warningTopic: topic(repo, revision, 'not-approved'),
    };
  // As with a commit that was revoked: nothing else keeps clients from what they have in their caches.
  const hidden = revision.type === 'ref' && decision.reasons.some(({ rule }) => rule === 'revoked');
  return {
    status: hidden ? 404 : 403,
    code: hidden ? 'RevisionNotFound' : 'GatedRepo',
    message: refusalText(repo, commit, decision, baseUrl, caseId),
    warningTopic: topic(repo, commit, decision.outcome),
  };
}

export function waitingError(repo: Repo, revision: Revision, progress: Progress, baseUrl: string): HubError {
  const left = secondsLeft(progress) ?? 20;
  return {
    status: 503,
    // Five tries of the client should cover the estimate (hub-api 7.2, 4).
    retryAfter: Math.min(120, Math.max(5, Math.ceil(left / 4))),
    message: waitingText(repo, revision, progress, baseUrl),
    warningTopic: topic(repo, progress.commit ?? revision, 'wait'),
  };
}

export function failedError(
  { repo, revision, state }: About,
  { commit, error }: Extract<IntakeOutcome, { type: 'failed' }>,
): HubError {
  const answer = hubErrorOf(error);
  if (error.code === 'upstream-repo-not-found')
    return {
      ...answer,
      message: `[airlock] ${repoName(repo)} was not found ${where(error)} (checked ${new Date().toISOString()}).`,
      warningTopic: topic(repo, undefined, 'unknown'),
    };
  const name = subjectName(repo, commit ?? revision);
  const missing = error.code === 'upstream-revision-not-found';
  const said = missing
    ? `[airlock] ${name} was not found upstream.`
    : answer.message.replace('[airlock] ', `[airlock] ${name}: `);
  const approved = error.code.startsWith('upstream-') ? approvedText(state) : undefined;
  const next = isAway(error.code) ? 'Run the same command again later; what is approved here is served meanwhile.' : '';
  const message = [said, next, approved].filter(Boolean).join(' ');
  return { ...answer, message, warningTopic: topic(repo, commit ?? revision, error.code) };
}

/** Of several upstreams one alone was asked, and people look for the repo in another. */
function where({ subject: { upstream } }: AirlockError): string {
  return upstream === undefined ? 'upstream' : `in the upstream "${upstream}", which owns that name here`;
}

function isAway(code: ErrorCode): boolean {
  return code === 'upstream-unavailable' || code === 'upstream-timeout';
}

/** Clients print a warning once per topic and process: one for each repo, commit (else what was asked for) and answer. */
function topic(repo: Repo, at: CommitSha | Revision | undefined, what: string): string {
  const name = at === undefined ? `${repoName(repo)}-any` : subjectName(repo, at);
  return `airlock-${name.replace(/[^A-Za-z0-9._-]/g, '-').slice(0, MAX_TOPIC_NAME)}-${what}`;
}

/** The text behind it has the room in the header. */
const MAX_TOPIC_NAME = 200;
