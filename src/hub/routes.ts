// SPDX-License-Identifier: Apache-2.0
import { type Context, Hono } from 'hono';
import { originOf } from '#src/access/origin.ts';
import type { Release } from '#src/domain/release.ts';
import { repoName } from '#src/domain/repo.ts';
import { type FileDeps, serveFile, serveRaw } from './file.ts';
import { READ_ONLY } from './foreign.ts';
import { createGate, type GateDeps } from './gate.ts';
import { listingAnswer } from './listing/answer.ts';
import type { Listing } from './listing/listing.ts';
import { createMetadata } from './metadata.ts';
import type { Prebuilt } from './prebuilt.ts';
import { entryNotFound, hubError, json } from './respond.ts';
import { type HubTarget, parseTarget } from './target.ts';

export interface HubDeps extends GateDeps, FileDeps {
  readonly prebuilt: Prebuilt;
  readonly listing: Listing;
}

type Route<R extends HubTarget['route']> = Extract<HubTarget, { route: R }>;

/** The Hub API as its clients use it (hub-api 2 and 3). What is not served is refused in words. */
export function createHub(deps: HubDeps): Hono {
  const app = new Hono();
  const withRelease = createGate(deps);
  const serveMetadata = createMetadata({ ...deps, withRelease });

  function serveBytes(c: Context, target: Route<'file' | 'raw'>, release: Release): Response | Promise<Response> {
    const file = release.files.get(target.path);
    if (!file) return entryNotFound(c, release, target.path);
    return target.route === 'raw' ? serveRaw(c, release, file, deps) : serveFile(c, release, file, deps);
  }

  app.all('/*', async (c) => {
    const target = parseTarget(originOf(c).path);
    const reads =
      c.req.method === 'GET' || c.req.method === 'HEAD' || (c.req.method === 'POST' && target.route === 'paths-info');
    if (!reads) return hubError(c, { status: 403, message: READ_ONLY });
    switch (target.route) {
      case 'info':
      case 'tree':
      case 'paths-info':
      case 'refs':
      case 'commits':
        return serveMetadata(c, target);
      case 'list':
        return listingAnswer(c, target.kind, deps.listing);
      case 'auth-check':
        if (target.write) return hubError(c, { status: 403, message: READ_ONLY });
        return withRelease(c, target, () => json(c, {}));
      case 'file':
      case 'raw':
        return withRelease(c, target, (release) => serveBytes(c, target, release));
      case 'unserved':
        return hubError(c, unserved(target));
      case 'none':
        return hubError(c, {
          status: 404,
          code: 'EntryNotFound',
          message: '[airlock] This mirror does not serve that address. Files are at /ORG/NAME/resolve/REVISION/PATH.',
        });
    }
  });

  return app;
}

function unserved({ name, repo }: Route<'unserved'>): Parameters<typeof hubError>[1] {
  if (name === 'xet-write-token') return { status: 403, message: READ_ONLY };
  if (name !== 'xet-read-token')
    return { status: 404, code: 'EntryNotFound', message: `[airlock] This mirror does not serve /${name}.` };
  const message = `[airlock] This mirror serves ${repoName(repo)} over plain HTTP. Set HF_HUB_DISABLE_XET=1, or delete the "trees" folder of this repo in your cache.`;
  return { status: 403, code: 'GatedRepo', message, warningTopic: 'airlock-xet' };
}
