// SPDX-License-Identifier: Apache-2.0

import type { Act } from '#src/catalog/repo-state.ts';
import type { Decision, Reason } from '#src/domain/decision.ts';
import { type Repo, repoName } from '#src/domain/repo.ts';
import { type CommitSha, type Revision, revisionText, shortSha } from '#src/domain/revision.ts';
import type { Progress } from '#src/intake/progress.ts';

/*
 * The texts that people read in their own terminal: what, why, what to do next. They travel in a header, because HEAD
 * has no body: one line, ASCII, under 1 KB (hub-api 4.1).
 */

const MAX_REASONS = 3;
const MAX_LENGTH = 800;

/** One line of printable ASCII; anything else is escaped, and what is too long is cut. */
export function headerText(text: string): string {
  const line = text
    .replace(/\s+/g, ' ')
    .replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH - 3)}...` : line;
}

/** `org/name@1a2b3c4`, or with the ref where no commit is known. */
export function subjectName(repo: Repo, at: CommitSha | Revision | undefined): string {
  if (at === undefined) return repoName(repo);
  const text = typeof at === 'string' ? shortSha(at) : at.type === 'commit' ? shortSha(at.commit) : revisionText(at);
  return `${repoName(repo)}@${text}`;
}

export function refusalText(repo: Repo, commit: CommitSha | undefined, decision: Decision, publicUrl: string): string {
  const open = decision.reasons.filter((reason) => reason.effect !== 'note' && reason.accepted === undefined);
  const name = subjectName(repo, commit);
  const next =
    commit === undefined
      ? 'Ask your security team for this source.'
      : decision.outcome === 'held'
        ? `A reviewer can release it: airlock approve ${repoName(repo)}@${commit} --reason "..."`
        : 'Ask your security team, or use another model.';
  const details =
    commit === undefined
      ? ''
      : ` Details: ${publicUrl}/api/airlock/${repo.kind}/${repo.id}/revision/${commit}/decision`;
  return `[airlock] ${name} is ${decision.outcome}: ${reasonList(open)} ${next}${details}`;
}

/** The gravest first; three of them, and a count of the rest. */
function reasonList(reasons: readonly Reason[]): string {
  const sorted = [...reasons].sort((a, b) => Number(b.effect === 'deny') - Number(a.effect === 'deny'));
  const shown = sorted.slice(0, MAX_REASONS).map((reason) => reason.message.replace(/[.\s]*$/, ''));
  const rest = sorted.length - shown.length;
  return `${shown.join('; ')}${rest > 0 ? ` (and ${rest} more)` : ''}.`;
}

export function closedText(repo: Repo, commit: CommitSha, status: 'revoked' | 'rejected', act: Act): string {
  const why = act.reason.replace(/[.\s]*$/, '');
  const next =
    status === 'revoked'
      ? 'Delete copies that you have, and use another revision.'
      : 'Ask your security team, or use another model.';
  return `[airlock] ${subjectName(repo, commit)} was ${status} by ${act.by} on ${act.at.slice(0, 10)}: ${why}. ${next}`;
}

export function waitingText(repo: Repo, progress: Progress, publicUrl: string): string {
  const left = secondsLeft(progress);
  const share =
    progress.bytesTotal > 0 ? `${Math.min(100, Math.floor((100 * progress.bytesDone) / progress.bytesTotal))}%, ` : '';
  const about = left === undefined ? '' : `, about ${duration(left)} left`;
  return `[airlock] ${subjectName(repo, progress.commit)} is being fetched and checked (${share}${progress.stage}${about}). Run the same command again. Progress: ${publicUrl}/api/airlock/intakes`;
}

/** By the rate so far; undefined while there is none. */
export function secondsLeft(progress: Progress): number | undefined {
  if (progress.bytesDone === 0 || progress.bytesTotal === 0 || progress.fetchSeconds < 1) return undefined;
  const rate = progress.bytesDone / progress.fetchSeconds;
  return Math.ceil((progress.bytesTotal - progress.bytesDone) / rate);
}

function duration(seconds: number): string {
  return seconds < 90 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}
