// SPDX-License-Identifier: Apache-2.0
import type { Context } from 'hono';
import { actorOf } from '#src/access/actor.ts';
import { originOf } from '#src/access/origin.ts';
import { requesterOf } from '#src/access/requester.ts';
import { restrictionOf } from '#src/catalog/chosen-release.ts';
import type { Release } from '#src/domain/release.ts';
import type { Repo } from '#src/domain/repo.ts';
import type { Revision } from '#src/domain/revision.ts';
import { type Admission, type AdmissionDeps, admit } from './admission.ts';
import { parseClient, retriesTree } from './client.ts';
import { hubError, jsonBytes } from './respond.ts';
import { refusedRestricted } from './restricted.ts';
import type { HubTarget } from './target.ts';

export interface GateDeps extends AdmissionDeps {
  readonly hold: { readonly apiSeconds: number; readonly resolveSeconds: number; readonly llamaCppSeconds: number };
}

/** What a request asks a release for. */
export interface Asked {
  readonly route: HubTarget['route'];
  readonly repo: Repo;
  readonly revision: Revision;
}

type Serve = (release: Release) => Response | Promise<Response>;

/**
 * Answers with what `serve` makes of the release, or says why there is none. `offline`, where it is given, answers when
 * that is upstream's failure.
 */
export type WithRelease = (
  c: Context,
  asked: Asked,
  serve: Serve,
  offline?: () => Response | undefined,
) => Promise<Response>;

export function createGate(deps: GateDeps): WithRelease {
  /** Hold times by client and route: `/resolve` has 10 s in huggingface_hub, API calls have no limit there. */
  function holdSeconds(c: Context, route: HubTarget['route']): number {
    const { name } = parseClient(c.req.header('user-agent'));
    if (name === 'llama.cpp') return deps.hold.llamaCppSeconds;
    return route === 'file' && name === 'huggingface_hub' ? deps.hold.resolveSeconds : deps.hold.apiSeconds;
  }

  return async (c, asked, serve, offline) => {
    const { repo, revision, route } = asked;
    const { baseUrl, address } = originOf(c);
    const requester = requesterOf(actorOf(c), address);
    const request = { repo, revision, baseUrl, requester, holdSeconds: holdSeconds(c, route) };
    const admission = await admit(deps, request);
    if (admission.type === 'release') {
      const refused = refusedRestricted(c, admission.release);
      return refused ? hubError(c, refused) : serve(admission.release);
    }
    // Nor what is said of a commit that is not served, of a repo whose others are not for whoever asks.
    const refused = refusedRestricted(c, await restrictionOf(deps.catalog, repo));
    if (refused) return hubError(c, refused);
    const instead = admission.type === 'error' && admission.error.status >= 500 ? offline?.() : undefined;
    return instead ?? earlyInfo(c, asked, admission) ?? hubError(c, admission.error);
  };
}

/**
 * A snapshot download of huggingface_hub 2.1 or later does not repeat `/revision`, and does repeat `/tree`: when the
 * hold is over, such a client gets the commit that it will be gated on there (hub-api 7.2, 5). Only the download says
 * `X-HF-Download-Counter`; `model_info` gets the 503.
 */
function earlyInfo(c: Context, { route, repo }: Asked, admission: Admission): Response | undefined {
  if (admission.type !== 'waiting' || route !== 'info' || admission.progress.commit === undefined) return undefined;
  const continues =
    c.req.header('x-hf-download-counter') !== undefined && retriesTree(parseClient(c.req.header('user-agent')));
  if (!continues) return undefined;
  const warning = `${admission.error.warningTopic}; ${admission.error.message}`;
  const body = { _id: '0'.repeat(24), id: repo.id, sha: admission.progress.commit, private: false, siblings: [] };
  return jsonBytes(c, Buffer.from(JSON.stringify(body)), { 'cache-control': 'no-store', 'x-hf-warning': warning });
}
