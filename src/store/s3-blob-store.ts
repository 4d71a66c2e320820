// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { IncomingMessage } from 'node:http';
import { PassThrough, pipeline, type Readable } from 'node:stream';
import type { Client } from 'minio';
import type { Sha256 } from '#src/domain/digest.ts';
import { AirlockError } from '#src/domain/errors.ts';
import { type BlobStore, type ByteRange, rangeOutside } from './blob-store.ts';
import { codeOf } from './error-code.ts';
import { guarded } from './folder.ts';
import { blobKey } from './keys.ts';
import { placePrefix, type S3Place, SILENCE_MS } from './s3-client.ts';
import { once, retrying } from './s3-errors.ts';
import { uploadVerified } from './s3-upload.ts';
import { MIB, openSource } from './source-file.ts';

export interface S3BlobOptions {
  /** Smallest part; larger files get larger parts. S3 refuses less than 5 MiB. */
  readonly partSize?: number;
  /** Parts on their way at the same time. */
  readonly parallel?: number;
  /** A client for the address by which clients reach the server; without one no links are handed out. */
  readonly publicClient?: Client;
}

/** Blobs as objects of an S3 server. See `s3-upload.ts` for how a blob becomes visible only when it is verified. */
export class S3BlobStore implements BlobStore {
  readonly #client: Client;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #options: Required<Omit<S3BlobOptions, 'publicClient'>>;
  readonly link?: (sha256: Sha256, seconds: number) => Promise<string>;

  constructor(place: S3Place, options: S3BlobOptions = {}) {
    this.#client = place.client;
    this.#bucket = place.bucket;
    this.#prefix = placePrefix(place);
    this.#options = { partSize: options.partSize ?? 16 * MIB, parallel: options.parallel ?? 4 };
    const { publicClient } = options;
    if (publicClient) this.link = (sha256, seconds) => this.#link(publicClient, sha256, seconds);
  }

  async put(sha256: Sha256, size: number, file: string, options: { readonly consume?: boolean } = {}): Promise<void> {
    const key = this.#key(sha256);
    if (!(await this.#holds(sha256, size))) {
      const source = await guarded(`read ${file}`, () => openSource(file, sha256, size));
      try {
        await once(`store blob ${sha256}`, () => uploadVerified(this.#upload(key), source, sha256, size));
      } catch (error) {
        throw refusedDigest(error, sha256);
      } finally {
        await source.close();
      }
    }
    if (options.consume) await guarded(`remove ${file}`, () => rm(file, { force: true }));
  }

  async open(sha256: Sha256, range?: ByteRange): Promise<Readable | undefined> {
    const key = this.#key(sha256);
    if (range && !(range.start >= 0 && range.end >= range.start)) throw rangeOutside(sha256, range);
    return retrying(`open blob ${sha256}`, async () => {
      try {
        return detached(checkAnswer(await this.#get(key, range), range, sha256));
      } catch (error) {
        if (codeOf(error) === 'NoSuchKey') return undefined;
        if (range && codeOf(error) === 'InvalidRange') throw rangeOutside(sha256, range);
        throw error;
      }
    });
  }

  async size(sha256: Sha256): Promise<number | undefined> {
    const key = this.#key(sha256);
    return retrying(`look for blob ${sha256}`, async () => {
      try {
        return (await this.#client.statObject(this.#bucket, key)).size;
      } catch (error) {
        if (codeOf(error) !== 'NotFound' && codeOf(error) !== 'NoSuchKey') throw error;
        // An answer to HEAD has no body: a missing bucket says the same 404 as a missing key.
        if (await this.#client.bucketExists(this.#bucket)) return undefined;
        throw new AirlockError('store-unavailable', `Bucket ${this.#bucket} is gone.`, {}, error);
      }
    });
  }

  async remove(sha256: Sha256): Promise<void> {
    const key = this.#key(sha256);
    await retrying(`remove blob ${sha256}`, () => this.#client.removeObject(this.#bucket, key));
  }

  /**
   * Whether the right bytes are there. What is damaged, or can not be read to its end, is uploaded again: that is safe
   * at any time, and a server that is in trouble says so then.
   */
  async #holds(sha256: Sha256, size: number): Promise<boolean> {
    if ((await this.size(sha256)) !== size) return false;
    const stream = await this.open(sha256);
    return stream !== undefined && (await digestOf(stream)) === sha256;
  }

  /** Signed for one object and one method; the answer is bytes and nothing that a browser would run. */
  #link(client: Client, sha256: Sha256, seconds: number): Promise<string> {
    const answer = {
      'response-content-type': 'application/octet-stream',
      'response-content-disposition': 'attachment',
      'response-cache-control': 'private, no-store',
    };
    return client.presignedGetObject(this.#bucket, this.#key(sha256), seconds, answer);
  }

  #key(sha256: Sha256): string {
    return this.#prefix + blobKey(sha256);
  }

  #upload(key: string) {
    const { partSize: minPartSize, parallel } = this.#options;
    return { client: this.#client, bucket: this.#bucket, key, minPartSize, parallel };
  }

  #get(key: string, range: ByteRange | undefined): Promise<Readable> {
    if (!range) return this.#client.getObject(this.#bucket, key);
    return this.#client.getPartialObject(this.#bucket, key, range.start, range.end - range.start + 1);
  }
}

/** The digest of a stream's bytes; undefined when it fails, or stays silent. */
async function digestOf(stream: Readable): Promise<string | undefined> {
  const hash = createHash('sha256');
  const timer = setTimeout(() => stream.destroy(new Error('no byte for too long')), SILENCE_MS);
  try {
    for await (const chunk of stream) {
      hash.update(chunk);
      timer.refresh();
    }
    return hash.digest('hex');
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

/** A server that ignores or shortens a range would have other bytes served under the range that was asked for. */
function checkAnswer(stream: Readable, range: ByteRange | undefined, sha256: Sha256): Readable {
  if (!range) return stream;
  const answer = stream instanceof IncomingMessage ? stream : undefined;
  const length = Number(answer?.headers['content-length']);
  if (answer?.statusCode === 206 && length === range.end - range.start + 1) return stream;
  stream.destroy();
  // 206 with fewer bytes is how S3 answers a range that begins inside of the object and ends behind it.
  if (answer?.statusCode === 206) throw rangeOutside(sha256, range);
  throw new AirlockError('store-unavailable', 'The object store does not answer range requests.', { sha256 });
}

/** Each side of the pass-through holds so much for a reader that has stopped. */
const PASSING = 128 * 1024;

/**
 * An answer of node:http reports "aborted" as an error to the very reader who destroys it. Behind a pass-through,
 * which moves chunks without copying them, stopping half-way is as quiet as with a file.
 */
function detached(answer: Readable): Readable {
  const through = new PassThrough({ highWaterMark: PASSING });
  // The reader learns of a failure from the stream itself.
  pipeline(answer, through, () => undefined);
  return through;
}

/** The server found other bytes than the signed sha256 of a part. */
function refusedDigest(error: unknown, sha256: Sha256): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  if (codeOf(cause) !== 'XAmzContentSHA256Mismatch') return error;
  const message = `The bytes of blob ${sha256} changed between being read and being stored. Nothing was stored.`;
  return new AirlockError('digest-mismatch', message, { sha256 }, cause);
}
