// SPDX-License-Identifier: Apache-2.0
import { IncomingMessage } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { Client } from 'minio';
import { codeOf } from './error-code.ts';
import { assertRecordSize, keyOfRecord, recordKey, recordPrefix } from './keys.ts';
import type { RecordStore, StoredRecord } from './record-store.ts';
import { placePrefix, type S3Place } from './s3-client.ts';
import { once, retrying } from './s3-errors.ts';

const PAGE = 1000;
const CONFLICT_TRIES = 8;

/**
 * Records as objects; a record's version is its ETag. The server's `If-None-Match: *` and `If-Match` make create and
 * replace atomic. A conditional write is sent once: after a network error nobody knows whether it happened, and a
 * second attempt would report our own success as somebody else's. The caller reads, and decides.
 */
export class S3RecordStore implements RecordStore {
  readonly #client: Client;
  readonly #bucket: string;
  readonly #prefix: string;

  constructor(place: S3Place) {
    this.#client = place.client;
    this.#bucket = place.bucket;
    this.#prefix = placePrefix(place);
  }

  async get(key: string): Promise<StoredRecord | undefined> {
    const object = this.#prefix + recordKey(key);
    return retrying(`read record ${key}`, async () => {
      try {
        const answer = await this.#client.getObject(this.#bucket, object);
        return await readRecord(key, answer);
      } catch (error) {
        if (codeOf(error) === 'NoSuchKey') return undefined;
        throw error;
      }
    });
  }

  create(key: string, bytes: Uint8Array): Promise<boolean> {
    return this.#write(key, bytes, { 'If-None-Match': '*' });
  }

  replace(key: string, bytes: Uint8Array, version: string): Promise<boolean> {
    return this.#write(key, bytes, { 'If-Match': version });
  }

  async *list(prefix: string): AsyncIterable<string> {
    const start = this.#prefix + recordPrefix(prefix);
    let after = '';
    for (;;) {
      // By the last key seen: minio's XML parser reads a continuation token of digits as a number, and spoils it.
      const page = await retrying(`list records under ${prefix}`, () =>
        this.#client.listObjectsV2Query(this.#bucket, start, '', '', PAGE, after),
      );
      for (const { name } of page.objects) {
        if (name === undefined) continue;
        after = name;
        const key = keyOfRecord(name.slice(this.#prefix.length));
        if (key !== undefined) yield key;
      }
      if (!page.isTruncated || page.objects.length === 0) return;
    }
  }

  async remove(key: string): Promise<void> {
    const object = this.#prefix + recordKey(key);
    await retrying(`remove record ${key}`, () => this.#client.removeObject(this.#bucket, object));
  }

  async #write(key: string, bytes: Uint8Array, condition: Record<string, string>): Promise<boolean> {
    const object = this.#prefix + recordKey(key);
    assertRecordSize(key, bytes.length);
    return once(`write record ${key}`, async () => {
      for (let tries = 1; ; tries++) {
        try {
          await this.#client.putObject(this.#bucket, object, Buffer.from(bytes), bytes.length, { ...condition });
          return true;
        } catch (error) {
          const code = codeOf(error) ?? '';
          if (LOST.has(code)) return false;
          // "Another write is under way, try again": surely not written. Saying false at once could leave no winner.
          if (code !== 'ConditionalRequestConflict' || tries === CONFLICT_TRIES) throw error;
        }
        await wait(20 * tries * (1 + Math.random()));
      }
    });
  }
}

/** `NoSuchKey`: the record that was to be replaced is gone. */
const LOST: ReadonlySet<string> = new Set(['PreconditionFailed', 'NoSuchKey']);

async function readRecord(key: string, answer: AsyncIterable<Buffer>): Promise<StoredRecord> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer) {
    length += chunk.length;
    assertRecordSize(key, length);
    chunks.push(chunk);
  }
  const version = answer instanceof IncomingMessage ? answer.headers.etag : undefined;
  if (!version) throw new Error('the server did not name an ETag');
  return { bytes: Buffer.concat(chunks), version };
}
