// SPDX-License-Identifier: Apache-2.0
import type { Context } from 'hono';
import { actorOf } from '#src/access/actor.ts';
import { originOf } from '#src/access/origin.ts';
import { type Release, type ReleaseFile, upstreamDigest } from '#src/domain/release.ts';
import { repoName } from '#src/domain/repo.ts';
import type { BlobStore } from '#src/store/blob-store.ts';

export interface RedirectOptions {
  /** Answers of fewer bytes are sent by the mirror itself: what clients probe with `bytes=0-0` above all. */
  readonly minBytes: number;
  /** How long a URL opens its blob, in whole seconds. A revocation is that much later for who has one. */
  readonly seconds: number;
  /** Told of every URL before it leaves: who got what, for how long. Never of the URL itself. */
  readonly onIssue: (issued: Record<string, unknown>) => void;
}

/**
 * Send a client that wants many bytes to the object store, with a URL that is good for seconds. Undefined where the
 * mirror should answer by itself. The store has another host name, because on the same one older clients take the
 * metadata of the wrong answer; what they need is on this one (hub-api 2.3).
 */
export async function redirectToStore(
  c: Context,
  release: Release,
  file: ReleaseFile,
  bytes: number,
  blobs: BlobStore,
  options: RedirectOptions | undefined,
): Promise<Response | undefined> {
  if (!options || !blobs.link || c.req.method !== 'GET' || bytes < options.minBytes) return undefined;
  const location = await blobs.link(file.sha256, options.seconds);
  const { sha256, path } = file;
  const { commit } = release;
  const to = { address: originOf(c).address, reader: actorOf(c)?.id };
  options.onIssue({ repo: repoName(release.repo), commit, path, sha256, bytes, seconds: options.seconds, ...to });
  const etag = `"${upstreamDigest(file)}"`;
  return new Response(null, {
    status: 302,
    headers: {
      location,
      'content-length': '0',
      'cache-control': 'no-store',
      etag,
      'x-repo-commit': commit,
      'x-linked-etag': etag,
      'x-linked-size': String(file.size),
      'accept-ranges': 'bytes',
    },
  });
}
