// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http';
import { type Context, Hono } from 'hono';
import type { Release } from '#src/domain/release.ts';
import { type Repo, repoName } from '#src/domain/repo.ts';
import { DEFAULT_REF, type Revision, shortSha } from '#src/domain/revision.ts';
import type { BlobStore } from '#src/store/blob-store.ts';
import { type Admission, type AdmissionDeps, admit } from './admission.ts';
import { parseClient, retriesTree } from './client.ts';
import { serveFile, serveRaw } from './file.ts';
import { createPrebuilt } from './prebuilt.ts';
import { approvedCommits, refsOf } from './refs.ts';
import { hubError, json, jsonBytes } from './respond.ts';
import { type HubTarget, parseTarget } from './target.ts';

export interface HubDeps extends AdmissionDeps {
  readonly blobs: BlobStore;
  readonly hold: { readonly apiSeconds: number; readonly resolveSeconds: number; readonly llamaCppSeconds: number };
}

/** Paths in one `paths-info` request. */
const MAX_PATHS = 10_000;

type Answer = Response | Promise<Response>;
type Route<R extends HubTarget['route']> = Extract<HubTarget, { route: R }>;

/** The Hub API as its clients use it (hub-api 2 and 3). Everything but writes, Xet and git. */
export function createHub(deps: HubDeps): Hono {
  const app = new Hono();
  const prebuilt = createPrebuilt(deps.blobs);

  /** Hold times by client and route: `/resolve` has 10 s in huggingface_hub, API calls have no limit there. */
  function holdSeconds(c: Context, route: HubTarget['route']): number {
    const { name } = parseClient(c.req.header('user-agent'));
    if (name === 'llama.cpp') return deps.hold.llamaCppSeconds;
    return route === 'file' && name === 'huggingface_hub' ? deps.hold.resolveSeconds : deps.hold.apiSeconds;
  }

  async function withRelease(
    c: Context,
    target: { route: HubTarget['route']; repo: Repo; revision: Revision },
    serve: (release: Release) => Answer,
  ): Promise<Response> {
    const admission = await admit(deps, target.repo, target.revision, holdSeconds(c, target.route));
    if (admission.type === 'release') return serve(admission.release);
    return earlyInfo(c, target, admission) ?? hubError(c, admission.error);
  }

  async function serveInfo(c: Context, release: Release): Promise<Response> {
    const blobs = c.req.query('blobs');
    const info = await prebuilt.info(release, blobs !== undefined && !/^(false|0)$/i.test(blobs));
    return jsonBytes(c, info, { 'x-repo-commit': release.commit });
  }

  function serveTree(c: Context, target: Route<'tree'>, release: Release): Response {
    const recursive = /^(true|1)$/i.test(c.req.query('recursive') ?? '');
    const entries = prebuilt.tree(release, target.path, recursive);
    if (!entries) return entryNotFound(c, release, target.path ?? '');
    return jsonBytes(c, entries, { 'x-repo-commit': release.commit });
  }

  async function servePathsInfo(c: Context, release: Release): Promise<Response> {
    const paths = await askedPaths(c);
    if (!paths) {
      const message = `[airlock] paths-info takes "paths": a list of at most ${MAX_PATHS} strings.`;
      return hubError(c, { status: 400, message });
    }
    return json(c, prebuilt.pathsInfo(release, paths), { 'x-repo-commit': release.commit });
  }

  function serveBytes(c: Context, target: Route<'file' | 'raw'>, release: Release): Answer {
    const file = release.files.get(target.path);
    if (!file) return entryNotFound(c, release, target.path);
    return target.route === 'raw' ? serveRaw(c, release, file, deps.blobs) : serveFile(c, release, file, deps.blobs);
  }

  /** Pins; where there are none yet, the default branch is asked for first, so that a refusal shows here too. */
  async function serveRefs(c: Context, repo: Repo): Promise<Response> {
    const known = refsOf(await deps.catalog.state(repo), c.req.query('include_prs') !== undefined);
    if (known.branches.length + known.tags.length + known.converts.length > 0) return json(c, known);
    const revision: Revision = { type: 'ref', ref: DEFAULT_REF };
    return withRelease(c, { route: 'refs', repo, revision }, async () =>
      json(c, refsOf(await deps.catalog.state(repo), c.req.query('include_prs') !== undefined)),
    );
  }

  app.get('/api/agent-harnesses', (c) => json(c, { standardEnvVars: [], harnesses: {} }));
  app.all('/api/telemetry/*', (c) => c.body(null, 204));
  app.get('/api/whoami-v2', (c) => hubError(c, { status: 401, message: 'Invalid username or password.' }));

  app.all('/*', async (c) => {
    const target = parseTarget(rawPath(c));
    const reads =
      c.req.method === 'GET' || c.req.method === 'HEAD' || (c.req.method === 'POST' && target.route === 'paths-info');
    if (!reads)
      return hubError(c, { status: 403, message: '[airlock] This is a read-only mirror of the Hugging Face Hub.' });
    switch (target.route) {
      case 'info':
        return withRelease(c, target, (release) => serveInfo(c, release));
      case 'tree':
        return withRelease(c, target, (release) => serveTree(c, target, release));
      case 'paths-info':
        return withRelease(c, target, (release) => servePathsInfo(c, release));
      case 'file':
      case 'raw':
        return withRelease(c, target, (release) => serveBytes(c, target, release));
      case 'refs':
        return serveRefs(c, target.repo);
      case 'commits':
        return withRelease(c, target, async () => json(c, approvedCommits(await deps.catalog.state(target.repo))));
      case 'unserved':
        return hubError(c, unserved(target));
      case 'none':
        return hubError(c, {
          status: 404,
          code: 'EntryNotFound',
          message: '[airlock] This mirror does not serve that address.',
        });
    }
  });

  return app;
}

/**
 * A snapshot download of huggingface_hub 2.1 or later does not repeat `/revision`, and does repeat `/tree`: when the
 * hold is over, such a client gets the commit that it will be gated on there (hub-api 7.2, 5). Only the download says
 * `X-HF-Download-Counter`; `model_info` gets the 503.
 */
function earlyInfo(
  c: Context,
  { route, repo }: { route: HubTarget['route']; repo: Repo },
  admission: Admission,
): Response | undefined {
  if (admission.type !== 'waiting' || route !== 'info' || admission.progress.commit === undefined) return undefined;
  const continues =
    c.req.header('x-hf-download-counter') !== undefined && retriesTree(parseClient(c.req.header('user-agent')));
  if (!continues) return undefined;
  const warning = `${admission.error.warningTopic}; ${admission.error.message}`;
  const body = { _id: '0'.repeat(24), id: repo.id, sha: admission.progress.commit, private: false, siblings: [] };
  return jsonBytes(c, Buffer.from(JSON.stringify(body)), { 'cache-control': 'no-store', 'x-hf-warning': warning });
}

/** Normal traffic: clients probe for optional files. With the commit, so that they remember the absence. */
function entryNotFound(c: Context, release: Release, path: string): Response {
  const message = `[airlock] ${repoName(release.repo)}@${shortSha(release.commit)} has no entry ${JSON.stringify(path)}.`;
  return hubError(c, { status: 404, code: 'EntryNotFound', commit: release.commit, message });
}

function unserved({ name, repo }: Route<'unserved'>): Parameters<typeof hubError>[1] {
  if (name !== 'xet-read-token')
    return { status: 404, code: 'EntryNotFound', message: `[airlock] This mirror does not serve /${name}.` };
  const message = `[airlock] This mirror serves ${repoName(repo)} over plain HTTP. Set HF_HUB_DISABLE_XET=1, or delete the "trees" folder of this repo in your cache.`;
  return { status: 403, code: 'GatedRepo', message, warningTopic: 'airlock-xet' };
}

/** Python sends a form, JavaScript JSON (hub-api 3.1). */
async function askedPaths(c: Context): Promise<string[] | undefined> {
  const isJson = c.req.header('content-type')?.includes('json');
  const body: unknown = isJson
    ? await c.req.json().catch(() => undefined)
    : await c.req.parseBody({ all: true }).catch(() => undefined);
  const paths = typeof body === 'object' && body !== null && 'paths' in body ? body.paths : undefined;
  const list: unknown[] = Array.isArray(paths) ? paths : [paths];
  if (list.length > MAX_PATHS || !list.every((path) => typeof path === 'string')) return undefined;
  return list as string[];
}

/** As the client wrote it, dots and escapes included; of an absolute-form target (RFC 9112 3.2.2) without the origin. */
function rawPath(c: Context): string {
  const incoming = (c.env as { incoming?: IncomingMessage } | undefined)?.incoming;
  const url = incoming?.url ?? new URL(c.req.url).pathname;
  const path = url.replace(/^https?:\/\/[^/?#]*/i, '').split(/[?#]/, 1)[0];
  return path || '/';
}
