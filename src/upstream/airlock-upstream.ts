// SPDX-License-Identifier: Apache-2.0
import { LRUCache } from 'lru-cache';
import type { GitOid, Sha256 } from '#src/domain/digest.ts';
import { AirlockError, isAirlockError, messageOf } from '#src/domain/errors.ts';
import type { Source, SourceFile } from '#src/domain/manifest.ts';
import { printable, type Repo, repoKey, repoName } from '#src/domain/repo.ts';
import type { CommitSha } from '#src/domain/revision.ts';
import type { HubApi } from './hub-api.ts';
import type { Upstream } from './upstream.ts';

/** What a release statement of the other mirror says, once its signature has been verified. */
export interface SignedRelease {
  readonly repo: Repo;
  readonly commit: CommitSha;
  readonly files: readonly {
    readonly path: string;
    readonly size: number;
    readonly sha256: Sha256;
    readonly gitOid: GitOid;
    readonly lfs?: { readonly pointerSize: number };
  }[];
}

export interface AirlockOptions {
  readonly hub: Upstream;
  readonly api: HubApi;
  /** Verify a bundle with the other mirror's key. @throws AirlockError signature-invalid, record-invalid */
  readonly open: (bundle: Buffer) => SignedRelease;
  /** What its key is called. */
  readonly key: string;
}

/** Bundles between listing and publication, in bytes. */
const REMEMBERED_BYTES = 64 * 2 ** 20;

/**
 * Another Hub Airlock, by the key that it signs its approvals with: a hub whose every commit has a signed release
 * statement. What is listed must be what was signed, file by file, neither more nor less; and each file's bytes are
 * compared with the sha256 that was signed, also where git knows it by sha1 alone.
 */
export function createAirlockUpstream({ hub, api, open, key: fingerprint }: AirlockOptions): Upstream {
  const bundles = new LRUCache<string, Buffer>({
    maxSize: REMEMBERED_BYTES,
    sizeCalculation: ({ length }) => length || 1,
  });

  /** Verified: one that is not is asked for again. */
  async function bundleOf(source: Source, signal?: AbortSignal): Promise<Buffer> {
    const key = `${repoKey(source.repo)}@${source.commit}`;
    const known = bundles.get(key);
    if (known) return known;
    const { kind, id } = source.repo;
    const path = `/api/airlock/${kind}/${id}/revision/${source.commit}/statement`;
    const bundle = await api.bytes(path, signal).catch((error: unknown) => {
      throw isMissing(error) ? refused(source, 'has no signed release statement') : error;
    });
    verified(source, bundle, open);
    bundles.set(key, bundle);
    return bundle;
  }

  return {
    url: hub.url,
    fingerprint,
    resolve: (repo, revision, signal) => hub.resolve(repo, revision, signal),
    refs: (repo, signal) => hub.refs(repo, signal),
    open: (source, file, offset, signal) => hub.open(source, file, offset, signal),
    ancestry: (head, commit, signal) => hub.ancestry(head, commit, signal),
    statement: bundleOf,

    async *list(source, signal) {
      const release = verified(source, await bundleOf(source, signal), open);
      const signed = new Map(release.files.map((file) => [file.path, file]));
      for await (const file of hub.list(source, signal)) {
        const promised = signed.get(file.path);
        if (!promised || !agrees(file, promised))
          throw refused(source, `lists ${printable(file.path)} otherwise than its signed release statement`);
        signed.delete(file.path);
        yield { ...file, sha256: promised.sha256 };
      }
      const [left] = signed.keys();
      if (left !== undefined) throw refused(source, `does not list ${printable(left)} of its signed release statement`);
    },
  };
}

function verified(source: Source, bundle: Buffer, open: AirlockOptions['open']): SignedRelease {
  let release: SignedRelease;
  try {
    release = open(bundle);
  } catch (error) {
    throw refused(source, `has no valid release statement: ${messageOf(error)}`, error);
  }
  if (repoKey(release.repo) === repoKey(source.repo) && release.commit === source.commit) return release;
  throw refused(source, `shows the release statement of ${repoName(release.repo)}@${release.commit}`);
}

function agrees(file: SourceFile, signed: SignedRelease['files'][number]): boolean {
  const sameContent = file.lfs === undefined || file.lfs.sha256 === signed.sha256;
  const sameKind = (file.lfs === undefined) === (signed.lfs === undefined);
  return file.size === signed.size && file.gitOid === signed.gitOid && sameKind && sameContent;
}

function isMissing(error: unknown): boolean {
  return isAirlockError(
    error,
    'upstream-repo-not-found',
    'upstream-revision-not-found',
    'upstream-entry-not-found',
    'upstream-gated',
  );
}

/** Evidence, and no failure: the commit is denied for it. */
function refused({ repo, commit }: Source, what: string, cause?: unknown): AirlockError {
  const text = `Upstream ${what}.`.replace(/\.\.$/, '.');
  return new AirlockError('upstream-listing-invalid', text, { repo: repoKey(repo), commit }, cause);
}
