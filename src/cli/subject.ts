// SPDX-License-Identifier: Apache-2.0
import { InvalidArgumentError } from 'commander';
import { messageOf } from '#src/domain/errors.ts';
import { isRepoKind, parseRepo, type Repo } from '#src/domain/repo.ts';
import { parseRevision, type Revision, revisionText } from '#src/domain/revision.ts';

/** `REPO[@REV]` as people type it: `org/name`, `org/name@v1.0`, `datasets/org/name@<commit>`. */
export interface SubjectArgument {
  readonly repo: Repo;
  readonly revision: Revision;
}

/** For commander: what is wrong shows as a usage error. */
export function parseSubject(text: string): SubjectArgument {
  const at = text.indexOf('@');
  const name = at < 0 ? text : text.slice(0, at);
  const [first = '', ...rest] = name.split('/');
  const kind = rest.length > 0 && isRepoKind(first) ? first : 'models';
  try {
    const repo = parseRepo(kind, kind === first ? rest.join('/') : name);
    return { repo, revision: parseRevision(at < 0 ? 'main' : text.slice(at + 1)) };
  } catch (error) {
    throw new InvalidArgumentError(messageOf(error));
  }
}

/** A repo alone, without a revision. */
export function parseRepoArgument(text: string): SubjectArgument {
  if (text.includes('@')) throw new InvalidArgumentError('Name a repo, without a revision.');
  return parseSubject(text);
}

export function subjectBody({ repo, revision }: SubjectArgument): { kind: string; repo: string; revision: string } {
  return { kind: repo.kind, repo: repo.id, revision: revisionText(revision) };
}

/** The part of an API path that names a revision: by its commit, where that is known. */
export function subjectPath({ repo, revision }: SubjectArgument, commit?: string): string {
  return `${repo.kind}/${repo.id}/revision/${commit ?? encodeURIComponent(revisionText(revision))}`;
}
