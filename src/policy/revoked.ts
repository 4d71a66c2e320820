// SPDX-License-Identifier: Apache-2.0
import type { Reason } from '#src/domain/decision.ts';
import type { RepoPath } from '#src/domain/path.ts';
import { printable, type Repo } from '#src/domain/repo.ts';
import { type Revocation, type Revocations, scopeText } from '#src/domain/revocations.ts';
import { oneLine, reasonOf } from './reason.ts';

/** What people revoked for more than one commit, as far as a repo is concerned; `names` are all that it is known by. */
export interface RevokedContext {
  readonly names: readonly Repo[];
  readonly revocations: Revocations;
}

interface NamedFile {
  readonly path: RepoPath;
  readonly sha256?: string;
  readonly lfs?: { readonly sha256?: string };
}

export function judgeNames(context: RevokedContext | undefined): Reason[] {
  const revocation = context?.revocations.ofNames(context.names);
  return revocation ? [revoked(revocation, '')] : [];
}

/** By the sha256 of what was pulled, or, before that, by the one that upstream lists for files in LFS. */
export function judgeDigests(files: readonly NamedFile[], context: RevokedContext | undefined): Reason[] {
  if (!context || context.revocations.size === 0) return [];
  return files.flatMap(({ path, sha256 = '', lfs }) => {
    const revocation = context.revocations.ofDigest(sha256) ?? context.revocations.ofDigest(lfs?.sha256 ?? '');
    return revocation ? [revoked(revocation, `${printable(path)} is `, path)] : [];
  });
}

/** What a revoked rule found, and custom code that was revoked: neither is a question any more. */
export function judgeMatches(reasons: readonly Reason[], context: RevokedContext | undefined): Reason[] {
  if (!context || context.revocations.size === 0) return [];
  const found = new Map<number, Revocation>();
  for (const { rule, findings = [], digest = '' } of reasons) {
    const all = [
      ...[rule, ...findings].map((id) => context.revocations.ofRule(id)),
      context.revocations.ofDigest(digest),
    ];
    for (const revocation of all) if (revocation) found.set(revocation.number, revocation);
  }
  return [...found.values()].map((revocation) => revoked(revocation, ''));
}

function revoked({ number, by, at, reason, event }: Revocation, before: string, path?: RepoPath): Reason {
  const who = `was revoked by ${oneLine(by, 80)} on ${at.slice(0, 10)} (ruling ${number})`;
  const message = `${before}${scopeText(event.scope)}${before ? ', which' : ''} ${who}: ${oneLine(reason)}`;
  return { ...reasonOf('revoked', 'deny', message, path), ruling: number };
}
