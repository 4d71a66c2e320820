// SPDX-License-Identifier: Apache-2.0
import type { Sha256 } from '#src/domain/digest.ts';
import { AirlockError } from '#src/domain/errors.ts';
import { printable } from '#src/domain/repo.ts';

/**
 * Every place in a store, below its folder or below its key prefix in a bucket:
 *
 *     blobs/sha256/ab/<64 hex>   approved bytes, named by their digest; written once
 *     records/<key>!             small records, compared and swapped
 *     tmp/<uuid>                 folder only: bytes on their way in. No reader looks here, so what a crash leaves is
 *                                invisible; it is collected after a day
 *     lock                       folder only: held while a record is replaced or removed
 *
 * The keys `a` and `a/b` may both exist (a repo `gpt2` and an organisation `gpt2`). A folder cannot hold a file `a`
 * beside a folder `a`, and MinIO takes both objects but leaves `a/b` out of every listing, without an error. Hence the
 * suffix: `!` is in no segment, and sorts before every character that is, so that stored names sort as keys do.
 */
export const BLOBS = 'blobs/sha256';
export const RECORDS = 'records';
export const TEMPORARY = 'tmp';
export const LOCK = 'lock';
export const RECORD_SUFFIX = '!';

export const MAX_RECORD_BYTES = 16 * 1024 * 1024;

const MAX_KEY_BYTES = 512;
/** File systems, and MinIO on top of them, stop at 255 bytes for one name. */
const MAX_SEGMENT_BYTES = 240;
const SEGMENT = /^[A-Za-z0-9._=-]+$/;

export function blobKey(sha256: Sha256): string {
  // The type promises hex already; a path is built here, so it is looked at once more.
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw new AirlockError('record-invalid', `${printable(sha256)} is not a sha256.`);
  return `${BLOBS}/${sha256.slice(0, 2)}/${sha256}`;
}

/** Where the record `key` is. @throws AirlockError bad-path */
export function recordKey(key: string): string {
  const problem = recordKeyProblem(key);
  if (problem)
    throw new AirlockError('bad-path', `${printable(key)} is not a record key: ${problem}.`, { key: printable(key) });
  return `${RECORDS}/${key}${RECORD_SUFFIX}`;
}

/** The key of the record at `name`, which begins with `records/`; undefined for what is no record. */
export function keyOfRecord(name: string): string | undefined {
  return name.endsWith(RECORD_SUFFIX) ? name.slice(RECORDS.length + 1, -RECORD_SUFFIX.length) : undefined;
}

/** The prefix of a listing: the beginning of a key, cut anywhere. @throws AirlockError bad-path */
export function recordPrefix(prefix: string): string {
  const cut = prefix.lastIndexOf('/');
  const last = prefix.slice(cut + 1);
  if (cut >= 0) recordKey(prefix.slice(0, cut));
  if (last !== '' && !SEGMENT.test(last))
    throw new AirlockError('bad-path', `${printable(prefix)} is not the beginning of a record key.`);
  return `${RECORDS}/${prefix}`;
}

function recordKeyProblem(key: string): string | undefined {
  if (key.length > MAX_KEY_BYTES) return `it is longer than ${MAX_KEY_BYTES} bytes`;
  for (const segment of key.split('/')) {
    if (!SEGMENT.test(segment)) return 'segments are one or more of letters, digits and "._=-"';
    if (segment === '.' || segment === '..') return '"." and ".." segments are forbidden';
    if (segment.length > MAX_SEGMENT_BYTES) return `a segment is longer than ${MAX_SEGMENT_BYTES} bytes`;
  }
  return undefined;
}

/** @throws AirlockError limit-exceeded */
export function assertRecordSize(key: string, bytes: number): void {
  if (bytes <= MAX_RECORD_BYTES) return;
  throw new AirlockError('limit-exceeded', `Record ${key} has ${bytes} bytes; at most ${MAX_RECORD_BYTES} fit.`, {
    key,
    limit: MAX_RECORD_BYTES,
    actual: bytes,
  });
}
