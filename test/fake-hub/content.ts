// SPDX-License-Identifier: Apache-2.0
import { createCipheriv, createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { testCache } from '#test/setup/cache.ts';
import { objectId } from './git.ts';

/** The bytes of a file: held in memory, or generated again for each reader when they are many. */
export interface Content {
  readonly size: number;
  readonly sha256: string;
  /** The blob id git would give the bytes themselves (an LFS file is stored under its pointer's id instead). */
  readonly gitOid: string;
  /** Bytes from `start` up to but not including `end`, in pieces of at most 256 KiB. */
  read(start: number, end: number): Iterable<Buffer>;
}

const PIECE = 256 * 1024;

export function bytesContent(data: string | Uint8Array): Content {
  const bytes = Buffer.from(data);
  return {
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    gitOid: objectId('blob', bytes),
    *read(start, end) {
      for (let at = start; at < end; at += PIECE) yield bytes.subarray(at, Math.min(end, at + PIECE));
    },
  };
}

/**
 * `head` followed by pseudo-random bytes up to `size`: AES-256-CTR over zeros, so that any range can be made without
 * the bytes before it. Digests take a full pass, and are remembered in the test cache.
 */
export function generatedContent(seed: string, size: number, head: Buffer = Buffer.alloc(0)): Content {
  const key = createHash('sha256').update(`hub-airlock fake weights: ${seed}`).digest();
  const read = (start: number, end: number) => generate(key, head, start, end);
  return { size, read, ...digests(createHash('sha256').update(key).update(head).digest('hex'), size, read) };
}

function* generate(key: Buffer, head: Buffer, start: number, end: number): Iterable<Buffer> {
  let at = start;
  if (at < head.length) {
    const piece = head.subarray(at, Math.min(end, head.length));
    yield piece;
    at += piece.length;
  }
  while (at < end) {
    // Start on a block of the cipher (16 bytes), and drop what lies before the wanted byte.
    const offset = at - head.length;
    const skip = offset % 16;
    const length = Math.min(end - at, PIECE);
    const counter = Buffer.alloc(16);
    counter.writeBigUInt64BE(BigInt((offset - skip) / 16), 8);
    const cipher = createCipheriv('aes-256-ctr', key, counter);
    yield cipher.update(Buffer.alloc(skip + length)).subarray(skip);
    at += length;
  }
}

function digests(name: string, size: number, read: Content['read']): Pick<Content, 'sha256' | 'gitOid'> {
  const file = join(testCache(), 'digests', `${name}-${size}.json`);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Pick<Content, 'sha256' | 'gitOid'>;
  const sha256 = createHash('sha256');
  const sha1 = createHash('sha1').update(`blob ${size}\0`);
  for (const piece of read(0, size)) {
    sha256.update(piece);
    sha1.update(piece);
  }
  const known = { sha256: sha256.digest('hex'), gitOid: sha1.digest('hex') };
  // Written aside and renamed: test files run at the same time.
  mkdirSync(join(testCache(), 'digests'), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, JSON.stringify(known));
  renameSync(temporary, file);
  return known;
}
