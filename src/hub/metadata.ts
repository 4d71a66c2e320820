// SPDX-License-Identifier: Apache-2.0
import type { Context } from 'hono';
import { originOf } from '#src/access/origin.ts';
import type { Catalog } from '#src/catalog/catalog.ts';
import { restrictionOf } from '#src/catalog/chosen-release.ts';
import type { Release } from '#src/domain/release.ts';
import type { Repo } from '#src/domain/repo.ts';
import { DEFAULT_REF } from '#src/domain/revision.ts';
import { parseClient } from './client.ts';
import type { Asked, WithRelease } from './gate.ts';
import { tooLarge } from './large-files.ts';
import { commitsAnswer, treeAnswer } from './pages.ts';
import type { Prebuilt } from './prebuilt.ts';
import { flag, isTrue, values } from './query.ts';
import { refsOf } from './refs.ts';
import { hubError, json, jsonBytes } from './respond.ts';
import { refusedRestricted } from './restricted.ts';
import type { HubTarget } from './target.ts';

export interface MetadataDeps {
  readonly catalog: Pick<Catalog, 'served' | 'find' | 'state' | 'lastRestricted'>;
  readonly prebuilt: Prebuilt;
  readonly withRelease: WithRelease;
}

type MetadataTarget = Extract<HubTarget, { route: 'info' | 'tree' | 'paths-info' | 'refs' | 'commits' }>;

/** Paths in one `paths-info` request. */
const MAX_PATHS = 10_000;

/** The JSON answers of `/api/{kind}/{repo}/...` (hub-api 3). */
export function createMetadata(deps: MetadataDeps): (c: Context, target: MetadataTarget) => Promise<Response> {
  const { catalog, prebuilt, withRelease } = deps;

  async function serveInfo(c: Context, release: Release): Promise<Response> {
    const expand = values(c, 'expand')?.sort();
    const shape = { blobs: flag(c, 'blobs'), security: flag(c, 'securityStatus'), ...(expand && { expand }) };
    return jsonBytes(c, await prebuilt.info(release, shape), { 'x-repo-commit': release.commit });
  }

  async function servePathsInfo(c: Context, release: Release): Promise<Response> {
    const asked = await askedPaths(c);
    if (!asked) {
      const message = `[airlock] paths-info takes "paths": a list of at most ${MAX_PATHS} strings.`;
      return hubError(c, { status: 400, message });
    }
    return json(c, prebuilt.pathsInfo(release, asked.paths, asked.expand), { 'x-repo-commit': release.commit });
  }

  /** Pins; where there are none yet, the default branch is asked for first, so that a refusal shows here too. */
  async function serveRefs(c: Context, repo: Repo): Promise<Response> {
    const withPulls = c.req.query('include_prs') !== undefined;
    const refused = refusedRestricted(c, await restrictionOf(catalog, repo));
    if (refused) return hubError(c, refused);
    const state = await catalog.served(repo);
    const known = refsOf(state, withPulls);
    if (known.branches.length + known.tags.length + known.converts.length > 0) return json(c, known);
    const asked: Asked = { route: 'refs', repo, revision: { type: 'ref', ref: DEFAULT_REF } };
    const isApproved = [...state.commits.values()].some(({ status }) => status === 'approved');
    // Approved by commit alone: with upstream gone that is all there is to say.
    const offline = () => (isApproved ? json(c, known) : undefined);
    return withRelease(c, asked, async () => json(c, refsOf(await catalog.served(repo), withPulls)), offline);
  }

  return async (c, target) => {
    switch (target.route) {
      case 'info':
        return withRelease(c, target, (release) => refuseSnapshot(c, release) ?? serveInfo(c, release));
      case 'tree':
        return withRelease(
          c,
          target,
          (release) => refuseSnapshot(c, release) ?? treeAnswer(c, release, target.path, prebuilt),
        );
      case 'paths-info':
        return withRelease(c, target, (release) => servePathsInfo(c, release));
      case 'refs':
        return serveRefs(c, target.repo);
      case 'commits':
        return withRelease(c, target, async () =>
          commitsAnswer(c, target.repo, target.revision, await catalog.served(target.repo)),
        );
    }
  };
}

/**
 * A download of the whole snapshot begins with `/revision/{rev}` or a recursive `/tree`: a client that can not have one
 * of the files is told there, and not behind a terabyte of the others.
 */
function refuseSnapshot(c: Context, release: Release): Response | undefined {
  const { path, baseUrl } = originOf(c);
  if (!/\/revision\/[^/]+\/?$/.test(path) && !isTrue(c.req.query('recursive'))) return undefined;
  const refused = tooLarge(parseClient(c.req.header('user-agent')), release, release.files.values(), baseUrl);
  return refused && hubError(c, refused);
}

/** Python sends a form, JavaScript JSON (hub-api 3.1). */
async function askedPaths(c: Context): Promise<{ paths: string[]; expand: boolean } | undefined> {
  const isJson = c.req.header('content-type')?.includes('json');
  const body: unknown = isJson
    ? await c.req.json().catch(() => undefined)
    : await c.req.parseBody({ all: true }).catch(() => undefined);
  if (typeof body !== 'object' || body === null || !('paths' in body)) return undefined;
  const paths: unknown[] = Array.isArray(body.paths) ? body.paths : [body.paths];
  if (paths.length > MAX_PATHS || !paths.every((path) => typeof path === 'string')) return undefined;
  return { paths, expand: 'expand' in body && isTrue(body.expand) };
}
