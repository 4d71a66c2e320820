// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { Client } from 'minio';
import type { Sha256 } from '#src/domain/digest.ts';
import { retrying } from './s3-errors.ts';
import { readVerified } from './source-file.ts';

/** S3 allows 10,000 parts; a thousand are kept in hand. */
const MAX_PARTS = 9000;
/** What one part has in memory at a time; times two while the next is read. */
const PIECE = 256 * 1024;

interface Part {
  readonly number: number;
  readonly start: number;
  readonly length: number;
  readonly sha256: string;
}

export interface Upload {
  readonly client: Client;
  readonly bucket: string;
  readonly key: string;
  readonly minPartSize: number;
  readonly parallel: number;
}

/**
 * Upload a file to its final key, in two passes over the file.
 *
 * First pass: hash the whole and each part. A wrong digest is refused before a byte is sent.
 * Second pass: send the parts, several at a time, each signed with its own sha256, which the server compares with what
 * arrived (SigV4 `x-amz-content-sha256`). A file that changed in between, or a byte that flipped on the way, is refused
 * by the server. Parts are invisible until `complete`, so there is nothing to stage and to copy: what appears under
 * the final key was verified, and a crash leaves only an unfinished upload, which the bucket's lifecycle rule aborts.
 *
 * minio's own `putObject` is not used: it buffers whole parts, sends one at a time, and joins unfinished uploads of the
 * same key that another process may be writing.
 * @throws AirlockError digest-mismatch, store-full, store-unavailable
 */
export async function uploadVerified(upload: Upload, source: FileHandle, sha256: Sha256, size: number): Promise<void> {
  const parts = await hashParts(source, sha256, size, Math.max(upload.minPartSize, Math.ceil(size / MAX_PARTS)));
  const only = parts[0];
  if (only && parts.length === 1) await send(upload, source, only, '');
  else await sendMultipart(upload, source, parts);
}

/** The file's parts with their digests; an empty file has one empty part. */
async function hashParts(source: FileHandle, sha256: Sha256, size: number, partSize: number): Promise<Part[]> {
  if (size <= partSize) {
    await readVerified(source, sha256);
    return [{ number: 1, start: 0, length: size, sha256 }];
  }
  const parts: Part[] = [];
  let hash = createHash('sha256');
  let length = 0;
  const finish = (): void => {
    parts.push({ number: parts.length + 1, start: parts.length * partSize, length, sha256: hash.digest('hex') });
    hash = createHash('sha256');
    length = 0;
  };
  await readVerified(source, sha256, (chunk) => {
    for (let rest = chunk; rest.length > 0; ) {
      const piece = rest.subarray(0, partSize - length);
      hash.update(piece);
      length += piece.length;
      if (length === partSize) finish();
      rest = rest.subarray(piece.length);
    }
  });
  if (length > 0) finish();
  return parts;
}

async function sendMultipart(upload: Upload, source: FileHandle, parts: readonly Part[]): Promise<void> {
  const { client, bucket, key } = upload;
  // Always an upload id of our own. Several writers of one blob each complete theirs, with the same bytes.
  const id = await retrying(`begin upload of ${key}`, () => client.initiateNewMultipartUpload(bucket, key, {}));
  try {
    const etags = await sendParts(upload, source, parts, id);
    await retrying(`complete upload of ${key}`, () => client.completeMultipartUpload(bucket, key, id, etags));
  } catch (error) {
    // The first error is what the caller needs; an upload that cannot be aborted now is left to the lifecycle rule.
    await client.abortMultipartUpload(bucket, key, id).catch(() => undefined);
    throw error;
  }
}

async function sendParts(upload: Upload, source: FileHandle, parts: readonly Part[], id: string) {
  const waiting = parts[Symbol.iterator]();
  const etags: { part: number; etag: string }[] = [];
  let failed = false;
  // The workers share one iterator: each takes the next part. After a failure the others finish theirs and stop, so
  // that nothing is on its way any more when the upload is aborted and the file is closed.
  const worker = async (): Promise<void> => {
    for (const part of waiting) {
      if (failed) return;
      const etag = await send(upload, source, part, `partNumber=${part.number}&uploadId=${encodeURIComponent(id)}`);
      etags.push({ part: part.number, etag });
    }
  };
  const stopping = (error: unknown): never => {
    failed = true;
    throw error;
  };
  const ends = await Promise.allSettled(Array.from({ length: upload.parallel }, () => worker().catch(stopping)));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return etags.sort((a, b) => a.part - b.part);
}

/** PUT one part, or with an empty query the whole object. Streamed: memory is one read buffer, whatever the size. */
async function send(upload: Upload, source: FileHandle, part: Part, query: string): Promise<string> {
  return retrying(`upload ${upload.key}`, async () => {
    const body = Readable.from(piecesOf(source, part), { objectMode: false, highWaterMark: PIECE });
    try {
      const response = await upload.client.makeRequestStreamAsync(
        {
          method: 'PUT',
          bucketName: upload.bucket,
          objectName: upload.key,
          query,
          headers: { 'content-length': String(part.length) },
        },
        body,
        part.sha256,
        [200],
        '',
      );
      response.resume();
      const { etag } = response.headers;
      if (!etag) throw new Error('the server did not name an ETag');
      return etag;
    } finally {
      body.destroy();
    }
  });
}

/** Not a read stream of node:fs: destroying one closes the descriptor, which the other parts still read from. */
async function* piecesOf(source: FileHandle, part: Part): AsyncGenerator<Buffer> {
  const end = part.start + part.length;
  for (let position = part.start; position < end; ) {
    const wanted = Math.min(PIECE, end - position);
    const { bytesRead, buffer } = await source.read(Buffer.allocUnsafe(wanted), 0, wanted, position);
    if (bytesRead === 0) throw new Error('the file became shorter while it was read');
    yield buffer.subarray(0, bytesRead);
    position += bytesRead;
  }
}
