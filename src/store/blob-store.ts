// SPDX-License-Identifier: Apache-2.0
import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { Sha256 } from '#src/domain/digest.ts';
import { AirlockError } from '#src/domain/errors.ts';

/** A byte range, both ends inclusive, as in HTTP. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Immutable bytes named by their sha256: approved content only. Unapproved bytes live in quarantine and never reach a
 * blob store.
 */
export interface BlobStore {
  /**
   * Store the bytes of a local file under their digest. The bytes are hashed or compared on the way in, never trusted:
   * a file that is not `sha256` is refused with `digest-mismatch` and nothing becomes visible. Durable and complete
   * when it returns; may be called twice, also at the same time. A blob that is there already is read and hashed: right,
   * it is left as it is and `file` is not looked at; damaged, it is replaced by the file's bytes in one step.
   * `consume: true` allows the store to take the file itself (a rename in place of a copy).
   * @throws AirlockError digest-mismatch, store-full, store-unavailable
   */
  put(sha256: Sha256, size: number, file: string, options?: { readonly consume?: boolean }): Promise<void>;

  /**
   * A stream of the whole blob, or of a range that lies inside it. Undefined when there is no such blob. A stream that
   * is not read to its end must be destroyed. A stream that fails half-way ends with an error, never early.
   * @throws AirlockError store-unavailable, bad-range
   */
  open(sha256: Sha256, range?: ByteRange): Promise<Readable | undefined>;

  /**
   * The blob's file, opened for reading, where blobs are files: a server can then read into buffers of its own.
   * Whoever asked closes it. Undefined when there is no such blob. @throws AirlockError store-unavailable
   */
  openFile?(sha256: Sha256): Promise<FileHandle | undefined>;

  /** The blob's size in bytes; undefined when there is no such blob. @throws AirlockError store-unavailable */
  size(sha256: Sha256): Promise<number | undefined>;

  /**
   * A URL from which anybody may read the blob for so many seconds, ranges included, where the store is set up to hand
   * such URLs to clients. It says nothing about whether there is such a blob.
   */
  link?(sha256: Sha256, seconds: number): Promise<string>;

  /** Remove a blob; removing what is not there is no error. @throws AirlockError store-unavailable */
  remove(sha256: Sha256): Promise<void>;
}

export function rangeOutside(sha256: Sha256, range: ByteRange, size?: number): AirlockError {
  const message = `Bytes ${range.start}-${range.end} are outside of blob ${sha256}${size === undefined ? '' : ` of ${size} bytes`}.`;
  return new AirlockError('bad-range', message, { sha256 });
}
