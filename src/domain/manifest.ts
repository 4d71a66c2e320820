// SPDX-License-Identifier: Apache-2.0
import type { GitOid, Sha256 } from './digest.ts';
import type { RepoPath } from './path.ts';
import type { Repo } from './repo.ts';
import type { CommitSha } from './revision.ts';

/**
 * A file as upstream lists it. `gitOid` is the git blob id: of the content, or, for an LFS file, of its pointer.
 * `lfs` is there for LFS files and holds the sha256 that upstream promises for the content. `size` is of the content,
 * in bytes.
 */
export interface SourceFile {
  readonly path: RepoPath;
  readonly size: number;
  readonly gitOid: GitOid;
  readonly lfs?: { readonly sha256: Sha256; readonly pointerSize: number };
  /** What a signed statement of upstream says of the content, whatever git knows it by. */
  readonly sha256?: Sha256;
}

/**
 * `own`: repos that the house itself makes, whose card need not say under which license. Never less than that: their
 * bytes are scanned like any other's.
 */
export const TRUSTS = ['foreign', 'own'] as const;
export type Trust = (typeof TRUSTS)[number];

/** Which of the configured upstreams a repo came from. */
export interface SourceUpstream {
  readonly name: string;
  readonly url: string;
  readonly trust: Trust;
  /** Where the repo's releases came from so far, where that is another upstream. */
  readonly before?: string;
}

/** `level` in upstream's words: `unsafe`, `suspicious`, and what it may come to say. */
export interface UpstreamIssue {
  readonly path: RepoPath;
  readonly level: string;
}

/** What upstream says about a repo at one commit; `Repo` is the canonical one, where upstream renamed it. */
export interface Source {
  readonly repo: Repo;
  readonly commit: CommitSha;
  readonly private: boolean;
  readonly gated: boolean;
  /** ISO 8601 with `Z`, where upstream says. */
  readonly lastModified?: string;
  readonly createdAt?: string;
  /** Files that upstream's own scanners found something in. */
  readonly issues?: readonly UpstreamIssue[];
  /** Not there where it was read before the mirror knew several. */
  readonly upstream?: SourceUpstream;
}

/** All files of a repo at one commit, sorted by path. */
export interface SourceManifest {
  readonly source: Source;
  readonly files: readonly SourceFile[];
}

/** A source file with the sha256 of bytes that matched what upstream promised. */
export interface VerifiedFile extends SourceFile {
  readonly sha256: Sha256;
}
