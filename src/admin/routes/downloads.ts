// SPDX-License-Identifier: Apache-2.0
import type { Actor } from '#src/access/actor.ts';
import type { Catalog } from '#src/catalog/catalog.ts';
import { AirlockError } from '#src/domain/errors.ts';
import type { Release } from '#src/domain/release.ts';
import { type Repo, repoName } from '#src/domain/repo.ts';
import type { Revision } from '#src/domain/revision.ts';
import { requireGrant } from '../restricted.ts';
import { type AdminRoute, revisionRoute, type Sent } from '../route.ts';

export interface DownloadRoutesDeps {
  readonly catalog: Pick<Catalog, 'find' | 'statementBundle' | 'modelSignatureBundle' | 'upstreamStatementBundle'>;
}

const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/** What lets others verify a release without trusting this mirror's answers. */
export function downloadRoutes({ catalog }: DownloadRoutesDeps): AdminRoute[] {
  return [
    revisionRoute('statement', {
      method: 'get',
      permission: 'read',
      changes: false,
      summary: 'Download the signed release statement',
      request: {},
      answer: { says: 'A bundle with the statement: repo, commit, files, policy and who approved', type: BUNDLE },
      handle: ({ actor, params: { repo, revision } }) =>
        download(actor, repo, revision, (release) => catalog.statementBundle(release)),
    }),
    revisionRoute('bundle', {
      method: 'get',
      permission: 'read',
      changes: false,
      summary: 'Download the model signature',
      request: {},
      answer: { says: 'A bundle in the OpenSSF Model Signing format', type: BUNDLE },
      handle: ({ actor, params: { repo, revision } }) =>
        download(actor, repo, revision, (release) => catalog.modelSignatureBundle(release)),
    }),
    revisionRoute('upstream-statement', {
      method: 'get',
      permission: 'read',
      changes: false,
      summary: 'Download the release statement that another Hub Airlock had signed, where it came from one',
      request: {},
      answer: { says: 'A bundle with the statement, as it was verified with the key of that mirror', type: BUNDLE },
      handle: ({ actor, params: { repo, revision } }) =>
        download(actor, repo, revision, async (release) => {
          const bundle = await catalog.upstreamStatementBundle(release);
          if (bundle) return bundle;
          const text = `${repoName(repo)} came from an upstream that signs nothing.`;
          throw new AirlockError('upstream-entry-not-found', text, { repo: repoName(repo) });
        }),
    }),
  ];

  async function download(
    actor: Actor | undefined,
    repo: Repo,
    revision: Revision,
    read: (release: Release) => Promise<Uint8Array>,
  ): Promise<Sent> {
    const found = await catalog.find(repo, revision);
    if (found.type === 'release') {
      requireGrant(actor, found.release);
      return { bytes: await read(found.release), headers: { 'x-repo-commit': found.release.commit } };
    }
    const text = `${repoName(repo)} has no approved release at that revision.`;
    throw new AirlockError('upstream-revision-not-found', text, { repo: repoName(repo) });
  }
}
