// SPDX-License-Identifier: Apache-2.0
import type { GitOid, Sha256 } from './digest.ts';
import type { Verdict } from './evidence.ts';
import type { RepoPath } from './path.ts';
import type { Repo } from './repo.ts';
import type { CommitSha } from './revision.ts';

/** A file that is served. */
export interface ReleaseFile {
  readonly path: RepoPath;
  readonly size: number;
  readonly sha256: Sha256;
  readonly gitOid: GitOid;
  readonly lfs?: { readonly pointerSize: number };
  /** What the scan said of it when it was approved. */
  readonly verdict: Verdict;
}

/**
 * An approved, signed, servable selection of a snapshot. `catalog` alone makes one, from a statement whose signature
 * and place in the journal it has verified; a door can stream only what a Release names.
 */
export interface Release {
  readonly repo: Repo;
  readonly commit: CommitSha;
  /** Upstream's own name, which is another where the repo was renamed. */
  readonly upstreamRepo: Repo;
  /** Upstream shows it to few: here it is for tokens that were granted it. */
  readonly restricted: boolean;
  readonly files: ReadonlyMap<RepoPath, ReleaseFile>;
  /** Files of the commit that are not served, so that whoever asks for one is told so. Nothing else is known of them. */
  readonly leftOut: ReadonlyMap<RepoPath, 'withheld' | 'excluded'>;
  /** sha256 of the release statement's bundle, which names everything else. */
  readonly digest: Sha256;
  /** sha256 of the OpenSSF Model Signing bundle. */
  readonly modelSignature: Sha256;
  /** Every rule, of policy and of the scanner, that its signed reasons name, and the custom code that they are about. */
  readonly rules: readonly string[];
  readonly codes: readonly string[];
  readonly approvedAt: string;
  readonly approvedBy: string;
  readonly lastModified?: string;
  readonly createdAt?: string;
}

/** The ETag's content: the digest that upstream uses for this file, sha256 for LFS files, else the git blob id. */
export function upstreamDigest(file: ReleaseFile): Sha256 | GitOid {
  return file.lfs ? file.sha256 : file.gitOid;
}
