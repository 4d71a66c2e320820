// SPDX-License-Identifier: Apache-2.0

import type { Act, RepoState } from '#src/catalog/repo-state.ts';
import type { Decision } from '#src/domain/decision.ts';
import type { Release } from '#src/domain/release.ts';
import { type Repo, repoName } from '#src/domain/repo.ts';
import { type CommitSha, type Revision, revisionText, shortSha } from '#src/domain/revision.ts';
import type { Progress } from '#src/intake/progress.ts';

/*
 * The texts that people read in their own terminal: what, why, what to do next. They travel in a header, because HEAD
 * has no body: one line, ASCII, under 1 KB (hub-api 4.1).
 */

const MAX_REASONS = 3;
const MAX_REASON_LENGTH = 240;
const MAX_LENGTH = 800;
/** Less room than this for the reasons, and the subject's name is shortened: it stands in the next step once more. */
const MIN_ROOM = 120;
const MAX_SHORT_NAME = 40;

/** One line of printable ASCII; anything else is escaped, and what is too long is cut. */
export function headerText(text: string): string {
  return cut(asciiLine(text), MAX_LENGTH);
}

function asciiLine(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Never in the middle of an escape. */
function cut(line: string, length: number): string {
  if (line.length <= length) return line;
  return `${line.slice(0, Math.max(0, length - 3)).replace(/\\(?:u[0-9a-f]{0,3})?$/, '')}...`;
}

/** `org/name@1a2b3c4`, or with the ref where no commit is known. */
export function subjectName(repo: Repo, at: CommitSha | Revision | undefined): string {
  if (at === undefined) return repoName(repo);
  const text = typeof at === 'string' ? shortSha(at) : at.type === 'commit' ? shortSha(at.commit) : revisionText(at);
  return `${repoName(repo)}@${text}`;
}

/** `caseId`: of the case that a person answers it in. */
export function refusalText(
  repo: Repo,
  commit: CommitSha | undefined,
  decision: Decision,
  baseUrl: string,
  caseId?: number,
): string {
  const open = decision.reasons.filter((reason) => reason.effect !== 'note' && reason.accepted === undefined);
  // The gravest first.
  const sorted = open.sort((a, b) => Number(b.effect === 'deny') - Number(a.effect === 'deny'));
  const reasons = sorted.map(({ message }) => cut(sentence(message), MAX_REASON_LENGTH));
  const says = `is ${decision.outcome}${caseId === undefined ? '' : ` (case ${caseId})`}`;
  const name = subjectName(repo, commit);
  if (commit === undefined) return fitted({ name, says, reasons, next: sourceText(decision, caseId), details: '' });
  const next =
    decision.outcome === 'held'
      ? `A reviewer can release it: airlock ${caseId === undefined ? `approve ${repoName(repo)}@${commit}` : `case approve ${caseId}`} --reason "..."`
      : 'Ask your security team, or use another model.';
  const details = ` Details: ${baseUrl}/api/airlock/${repo.kind}/${repo.id}/revision/${commit}/decision`;
  return fitted({ name, says, reasons, next, details });
}

export function closedText(
  repo: Repo,
  commit: CommitSha,
  status: 'revoked' | 'rejected' | 'quarantined',
  act: Act,
): string {
  const number = act.ruling === undefined ? '' : ` (ruling ${act.ruling})`;
  const says = `was ${status} by ${cut(asciiLine(act.by), 80)} on ${act.at.slice(0, 10)}${number}`;
  return fitted({
    name: subjectName(repo, commit),
    says,
    reasons: [sentence(act.reason)],
    next: NEXT[status],
    details: '',
  });
}

/** Of a file that the commit has upstream, and the release has not. */
export function leftOutText(
  { repo, commit }: Pick<Release, 'repo' | 'commit'>,
  path: string,
  why: 'withheld' | 'excluded',
  baseUrl: string,
): string {
  const file = cut(asciiLine(JSON.stringify(path)), MAX_REASON_LENGTH);
  const reason = {
    withheld: 'is withheld here: it needs a look of a person, and the rest is served without it',
    excluded: "is left out here: the mirror's sources do not bring it in",
  }[why];
  const details = ` Details: ${baseUrl}/api/airlock/${repo.kind}/${repo.id}/revision/${commit}/decision`;
  const text = `[airlock] ${file} of ${subjectName(repo, commit)} ${reason}. Ask your security team.`;
  return text.length + details.length > MAX_LENGTH ? text : text + details;
}

function sourceText({ outcome }: Decision, caseId: number | undefined): string {
  if (outcome === 'denied') return 'Ask your security team for this source.';
  if (caseId === undefined) return 'Ask your security team to approve this source.';
  return `A reviewer can approve the source: airlock case approve ${caseId} --reason "..."`;
}

const NEXT = {
  revoked: 'Delete copies that you have, and use another revision.',
  rejected: 'Ask your security team, or use another model.',
  quarantined: 'Do not load copies that you have, and ask your security team.',
} as const;

interface Refusal {
  readonly name: string;
  readonly says: string;
  readonly reasons: readonly string[];
  readonly next: string;
  readonly details: string;
}

/**
 * Who, what and the next step are whole, and the reasons get the room that is left. The address of the details goes
 * only where a very long public URL leaves no room: half of one leads nowhere.
 */
function fitted(refusal: Refusal): string {
  const { name, says, reasons, next, details } = refusal;
  const text = (who: string, why: string) => `[airlock] ${who} ${says}: ${stopped(why)} ${next}${details}`;
  for (const who of [name, shortName(name)]) {
    const room = MAX_LENGTH - text(who, '').length;
    if (room >= MIN_ROOM || (who !== name && room >= MIN_ROOM / 4)) return text(who, reasonList(reasons, room));
  }
  return fitted({ ...refusal, details: '' });
}

/** What was cut has its dots. */
function stopped(text: string): string {
  return text.endsWith('...') ? text : `${text}.`;
}

/** Its end tells more than its beginning. */
function shortName(name: string): string {
  return name.length > MAX_SHORT_NAME ? `...${name.slice(3 - MAX_SHORT_NAME)}` : name;
}

/** The first three, and a count of the rest. */
function reasonList(reasons: readonly string[], room: number): string {
  const shown = reasons.slice(0, room < MIN_ROOM ? 1 : MAX_REASONS);
  const rest = reasons.length - shown.length;
  const more = rest > 0 ? ` (and ${rest} more)` : '';
  const each = Math.floor((room - more.length) / Math.max(1, shown.length)) - 2;
  return `${shown.map((reason) => cut(reason, each)).join('; ')}${more}`;
}

/** Without the full stop that follows it. */
function sentence(text: string): string {
  return asciiLine(text.trim()).replace(/[.\s]*$/, '') || 'no reason was given';
}

export function waitingText(repo: Repo, revision: Revision, progress: Progress, baseUrl: string): string {
  const { commit, bytesTotal, bytesDone, stage } = progress;
  // Nothing is fetched before upstream has said which commit that is.
  if (commit === undefined)
    return `[airlock] ${subjectName(repo, revision)} is being looked for upstream, which has not answered yet. Run the same command again.`;
  const left = secondsLeft(progress);
  const share = bytesTotal > 0 ? `${Math.min(100, Math.floor((100 * bytesDone) / bytesTotal))}%, ` : '';
  const about = left === undefined ? '' : `, about ${duration(left)} left`;
  return `[airlock] ${subjectName(repo, commit)} is being fetched and checked (${share}${stage}${about}). Run the same command again. Progress: ${baseUrl}/api/airlock/intakes`;
}

/** What of a repo is served, for who asked for something else; undefined where nothing is. */
export function approvedText({ commits, pins }: RepoState): string | undefined {
  const approved = [...commits].filter(([, { status }]) => status === 'approved');
  if (approved.length === 0) return undefined;
  const refsOf = (commit: CommitSha) => [...pins].filter(([, pin]) => pin.commit === commit).map(([ref]) => ref);
  const names = approved
    .map(([commit, { at }]) => ({ commit, at, refs: refsOf(commit) }))
    // What has a name first, then the newest.
    .sort((a, b) => Number(b.refs.length > 0) - Number(a.refs.length > 0) || (a.at < b.at ? 1 : -1))
    .slice(0, MAX_APPROVED)
    .map(({ commit, refs }) => `${commit}${refs.length > 0 ? ` (${cut(refs.join(', '), 60)})` : ''}`);
  const more = approved.length > MAX_APPROVED ? `, and ${approved.length - MAX_APPROVED} more` : '';
  return `Approved here: ${names.join(', ')}${more}.`;
}

const MAX_APPROVED = 3;

/** By the rate so far; undefined while there is none. */
export function secondsLeft(progress: Progress): number | undefined {
  if (progress.bytesDone === 0 || progress.bytesTotal === 0 || progress.fetchSeconds < 1) return undefined;
  const rate = progress.bytesDone / progress.fetchSeconds;
  return Math.ceil((progress.bytesTotal - progress.bytesDone) / rate);
}

function duration(seconds: number): string {
  return seconds < 90 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}
