// SPDX-License-Identifier: Apache-2.0
import type { Readable } from 'node:stream';
import type { Source, SourceFile } from '#src/domain/manifest.ts';
import type { Repo } from '#src/domain/repo.ts';
import type { CommitSha, Ref, RefKind, Revision } from '#src/domain/revision.ts';

/** A ref as upstream lists it. */
export interface UpstreamRef {
  readonly kind: RefKind;
  readonly name: Ref;
  readonly commit: CommitSha;
}

/** `apart`: certainly not before it. `forgotten`: this upstream keeps no commit but its newest. */
export type Ancestry = 'ancestor' | 'apart' | 'unknown' | 'forgotten';

/** Bytes of one file, from `start` (which upstream may have moved back to 0) to the end. */
export interface Download {
  readonly start: number;
  readonly body: Readable;
}

/**
 * The hub that models come from. Every method retries what is worth retrying, and raises one of the `upstream-*` codes
 * otherwise: `upstream-unavailable`, `upstream-timeout` and `upstream-rate-limited` never mean "not found". A signal that
 * fires ends them with `shutting-down`.
 */
export interface Upstream {
  /** Base URL, no trailing slash, no credentials. */
  readonly url: string;

  /** Names what it was configured with: a refusal that was made under another configuration is asked for anew. */
  readonly fingerprint?: string;

  /**
   * The commit that a revision points to now, and what upstream says about the repo there.
   * @throws AirlockError upstream-repo-not-found, upstream-revision-not-found, upstream-gated, upstream-bad-token,
   *   upstream-invalid, and the codes above
   */
  resolve(repo: Repo, revision: Revision, signal?: AbortSignal): Promise<Source>;

  /**
   * All files of a commit, in upstream's order, page by page.
   * @throws upstream-listing-invalid: upstream lists what no client may write or nobody can check; and as {@link resolve}
   */
  list(source: Source, signal?: AbortSignal): AsyncIterable<SourceFile>;

  /**
   * The signed statement that came with a commit, as bytes; undefined where this upstream signs none. What `list` gave
   * was compared with it. @throws as {@link list}
   */
  statement?(source: Source, signal?: AbortSignal): Promise<Buffer | undefined>;

  /** Branches, tags, converted and pull request refs. @throws as {@link resolve} */
  refs(repo: Repo, signal?: AbortSignal): Promise<readonly UpstreamRef[]>;

  /**
   * Whether a commit comes before a head, or is it, as far as that can be told in a bounded number of questions.
   * @throws as {@link resolve}
   */
  ancestry(head: Source, commit: CommitSha, signal?: AbortSignal): Promise<Ancestry>;

  /**
   * The bytes of a file from `offset` on. The stream fails when upstream cuts or stalls; resuming is the caller's.
   * @throws AirlockError upstream-entry-not-found, upstream-invalid (upstream promises another digest or commit than
   *   its listing did), and as {@link resolve}
   */
  open(source: Source, file: SourceFile, offset: number, signal: AbortSignal): Promise<Download>;
}
