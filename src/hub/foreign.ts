// SPDX-License-Identifier: Apache-2.0
import type { Context } from 'hono';
import { originOf } from '#src/access/origin.ts';
import { isRepoKind, parseRepo, type Repo, type RepoKind } from '#src/domain/repo.ts';
import { hubError } from './respond.ts';

/*
 * What the Hub has and this mirror has not: each is refused at once, without an intake, in the form that its client
 * prints (hub-api 4.3, 9 and 10), and with the way that works here. 403, because a 404 hides the text in git and ollama,
 * and a 401 makes both ask for a password.
 */

/** git prints a body of text/plain, git-lfs the `message` of JSON, ollama whatever there is. */
type Form = 'json' | 'text' | 'lfs';

interface Refusal {
  readonly form: Form;
  readonly message: string;
}

/** Answers a request that belongs to none of the protocols served here; undefined for every other one. */
export function refuseForeign(c: Context): Response | undefined {
  const { path, baseUrl } = originOf(c);
  const segments = path.split('/').filter((segment) => segment !== '');
  const refusal =
    gitRefusal(segments, baseUrl, c.req.query('service')) ?? registryRefusal(segments) ?? apiRefusal(segments);
  return refusal && answer(c, refusal);
}

/** `{repo}[.git]/info/refs` and what follows it, smart or dumb; `info/lfs` of git-lfs (its API document, "batch"). */
function gitRefusal(segments: readonly string[], baseUrl: string, service?: string): Refusal | undefined {
  const at = segments.findIndex((segment, i) => i > 0 && isGitCall(segment, segments[i + 1]));
  const before = segments.slice(0, Math.max(0, at));
  // A file may have any name: `/resolve/main/info/refs` is one.
  if (at < 1 || at > 3 || before.some((segment) => /^(?:api|resolve|raw)$/.test(segment))) return undefined;
  const repo = repoOf(before);
  const writes = [segments[at], service].includes('git-receive-pack');
  const message = writes
    ? READ_ONLY
    : `[airlock] This mirror serves files, not git repositories. Download with: HF_ENDPOINT=${baseUrl} ${downloadCommand(repo)}`;
  return { form: segments[at + 1] === 'lfs' ? 'lfs' : 'text', message };
}

function isGitCall(segment: string, next: string | undefined): boolean {
  if (segment === 'info') return next === 'refs' || next === 'lfs';
  if (segment === 'objects') return next === 'info' || next === 'pack' || /^[0-9a-f]{2}$/.test(next ?? '');
  return segment === 'git-upload-pack' || segment === 'git-receive-pack';
}

/** The registry protocol of ollama, and of llama.cpp before March 2026. */
function registryRefusal([first, ...rest]: readonly string[]): Refusal | undefined {
  if (first !== 'v2') return undefined;
  const repo = repoOf(rest.slice(0, 2)) ?? 'ORG/NAME';
  const message = `[airlock] This mirror is no registry of ollama or containers. Get the GGUF file and import it: hf download ${repoText(repo)} FILE.gguf --local-dir . ; then: ollama create NAME -f Modelfile, with the line FROM ./FILE.gguf in it. llama.cpp: use a newer build with HF_ENDPOINT.`;
  return { form: 'text', message };
}

/** Parts of the Hub's API that are about people, money, machines or other kinds of storage. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'buckets',
  'collections',
  'daily_papers',
  'inference-endpoints',
  'inference-proxy',
  'jobs',
  'notifications',
  'organizations',
  'papers',
  'posts',
  'sandboxes',
  'scheduled-jobs',
  'settings',
  'users',
  'webhooks',
]);

function apiRefusal([first, second]: readonly string[]): Refusal | undefined {
  const name = first === 'buckets' ? first : first === 'api' ? second : undefined;
  if (name === undefined || !ELSEWHERE.has(name)) return undefined;
  const message = `[airlock] This mirror has no ${name}: it serves approved models, datasets, spaces and kernels for reading. For ${name} run the command without HF_ENDPOINT.`;
  return { form: 'json', message };
}

export const READ_ONLY =
  '[airlock] This is a read-only mirror. To upload or change something, run the command without HF_ENDPOINT; a new revision comes in here when somebody asks for it.';

function answer(c: Context, { form, message }: Refusal): Response {
  const plain = hubError(c, { status: 403, message });
  if (form === 'json' || c.req.method === 'HEAD') return plain;
  const headers = new Headers(plain.headers);
  headers.set('content-type', form === 'lfs' ? 'application/vnd.git-lfs+json' : 'text/plain; charset=utf-8');
  return new Response(form === 'lfs' ? JSON.stringify({ message }) : `${message}\n`, { status: 403, headers });
}

function downloadCommand(repo: Repo | undefined): string {
  const kind = repo && OPTION[repo.kind];
  return `hf download ${repo ? repoText(repo) : 'ORG/NAME'}${kind ? ` --repo-type ${kind}` : ''}`;
}

const OPTION: Readonly<Record<RepoKind, string | undefined>> = {
  models: undefined,
  datasets: 'dataset',
  spaces: 'space',
  kernels: 'kernel',
};

function repoText(repo: Repo | string): string {
  return typeof repo === 'string' ? repo : repo.id;
}

/** The repo in front of a call, where it is one: what a stranger wrote otherwise stands in no text of ours. */
function repoOf(segments: readonly string[]): Repo | undefined {
  const [first = ''] = segments;
  const kind: RepoKind = isRepoKind(first) && first !== 'models' ? first : 'models';
  const id = (kind === 'models' ? segments : segments.slice(1)).join('/').replace(/\.git$/, '');
  try {
    return parseRepo(kind, id);
  } catch {
    return undefined;
  }
}
