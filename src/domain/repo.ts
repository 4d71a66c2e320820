// SPDX-License-Identifier: Apache-2.0
import { AirlockError } from './errors.ts';

/** Kinds of repo on the Hub, spelled as in its API paths (`/api/models/...`). */
export const REPO_KINDS = ['models', 'datasets', 'spaces', 'kernels'] as const;
export type RepoKind = (typeof REPO_KINDS)[number];

/** A repo: its kind and its id, `namespace/name` or a legacy `name`. Made by {@link parseRepo} alone. */
export interface Repo {
  readonly kind: RepoKind;
  readonly id: string;
}

const SEGMENT = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?$/;

/**
 * The rules of `validate_repo_id` in huggingface_hub `utils/_validators.py`, slightly stricter at the edges: one or
 * two segments of `[A-Za-z0-9._-]`, each at most 96 long, starting and ending with a letter or digit, no `--`, no
 * `..`, not ending in `.git` or `.ipynb`.
 * @throws AirlockError bad-repo-id
 */
export function parseRepo(kind: RepoKind, id: string): Repo {
  const problem = repoIdProblem(id);
  if (problem)
    throw new AirlockError('bad-repo-id', `${printable(id)} is not a repo id: ${problem}.`, { repo: printable(id) });
  return { kind, id };
}

export function repoIdProblem(id: string): string | undefined {
  const segments = id.split('/');
  if (id === '') return 'it is empty';
  if (segments.length > 2) return 'it has more than two segments';
  for (const segment of segments) {
    if (segment.length > 96) return 'a segment is longer than 96 characters';
    if (segment.includes('--') || segment.includes('..')) return '"--" and ".." are forbidden';
    if (!SEGMENT.test(segment))
      return 'segments are letters, digits, ".", "_" and "-", and start with a letter or digit';
  }
  if (/\.(git|ipynb)$/i.test(id)) return 'it must not end in ".git" or ".ipynb"';
  return undefined;
}

/** `models/org/name`: one string per repo, used in keys, logs and URLs. */
export function repoKey(repo: Repo): string {
  return `${repo.kind}/${repo.id}`;
}

/** As people write it: models bare, the others with their kind. */
export function repoName(repo: Repo): string {
  return repo.kind === 'models' ? repo.id : `${repo.kind}/${repo.id}`;
}

export function isRepoKind(text: string): text is RepoKind {
  return (REPO_KINDS as readonly string[]).includes(text);
}

/** Foreign text made safe for one line of a message: ASCII, quoted, at most 80 characters. */
export function printable(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 77)}...` : text;
  return JSON.stringify(short).replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
