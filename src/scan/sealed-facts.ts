// SPDX-License-Identifier: Apache-2.0
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Sha256 } from '#src/domain/digest.ts';

/**
 * Facts by digest and extractor version, as text. It may be any store: nothing there, or nothing usable, means that the
 * bytes are read once more.
 */
export interface FactCache {
  /** `undefined` when there is nothing. */
  get(sha256: Sha256, extractorVersion: string): Promise<string | undefined>;
  /** May be called again with the same facts. */
  put(sha256: Sha256, extractorVersion: string, sealed: string): Promise<void>;
}

/** Told of an entry that this mirror did not write under that digest, or that was changed since. */
export type AlteredFacts = (entry: { readonly sha256: Sha256; readonly extractorVersion: string }) => void;

/**
 * Facts decide what is approved, and the index that keeps them is a file that anyone with a database shell can edit.
 * So each entry carries an HMAC over digest, extractor version and facts: the facts of a harmless file say nothing
 * about another one's bytes. The key is no part of the index. An entry that does not verify is as good as none.
 */
export class SealedFacts {
  private readonly cache: FactCache;
  private readonly key: Uint8Array;
  private readonly altered: AlteredFacts | undefined;

  constructor(cache: FactCache, key: Uint8Array, altered?: AlteredFacts) {
    this.cache = cache;
    this.key = key;
    this.altered = altered;
  }

  async get(sha256: Sha256, extractorVersion: string): Promise<string | undefined> {
    const entry = await this.cache.get(sha256, extractorVersion);
    if (entry === undefined) return undefined;
    const end = entry.indexOf(' ');
    const facts = entry.slice(end + 1);
    if (same(entry.slice(0, Math.max(end, 0)), this.seal(sha256, extractorVersion, facts))) return facts;
    this.altered?.({ sha256, extractorVersion });
    return undefined;
  }

  async put(sha256: Sha256, extractorVersion: string, facts: string): Promise<void> {
    await this.cache.put(sha256, extractorVersion, `${this.seal(sha256, extractorVersion, facts)} ${facts}`);
  }

  /** The first line is JSON, which has no line break of its own: no two entries give the same text. */
  private seal(sha256: Sha256, extractorVersion: string, facts: string): string {
    const what = JSON.stringify(['hub-airlock facts', sha256, extractorVersion]);
    return createHmac('sha256', this.key).update(`${what}\n`).update(facts).digest('base64url');
  }
}

function same(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
