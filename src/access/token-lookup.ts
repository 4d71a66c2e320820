// SPDX-License-Identifier: Apache-2.0
import { LRUCache } from 'lru-cache';
import type { Clock } from '#src/domain/clock.ts';
import { type Sha256, sha256Of } from '#src/domain/digest.ts';
import type { TokenRow } from '#src/index/schema.ts';
import type { Tokens as TokenTable } from '#src/index/tokens.ts';
import type { ReaderToken } from './reader-token.ts';

/** For so long another process's revocation is not seen here. */
const FRESH_MILLISECONDS = 3000;
const KNOWN_TOKENS = 10_000;
/** Apart from the known ones, so that nobody can push those out by guessing. */
const UNKNOWN_TOKENS = 1000;

/**
 * The row of a token, from memory for a few seconds. Found by its digest, so that how long it takes says nothing about
 * the token: nobody can choose a text for the beginning of its SHA-256. Memory has digests alone, too.
 */
export interface TokenLookup {
  /** Whatever the state of the token. @throws AirlockError store-unavailable */
  find(token: ReaderToken): Promise<TokenRow | undefined>;
  /** After a change: what is being read now was read before it. */
  forget(): void;
}

export function createTokenLookup(table: Pick<TokenTable, 'byDigest'>, clock: Clock): TokenLookup {
  const known = new LRUCache<Sha256, { readonly at: number; readonly row: TokenRow }>({ max: KNOWN_TOKENS });
  const unknown = new LRUCache<Sha256, number>({ max: UNKNOWN_TOKENS });
  let changes = 0;

  const isFresh = (at: number, now: number): boolean => now >= at && now - at < FRESH_MILLISECONDS;

  async function read(digest: Sha256, at: number): Promise<TokenRow | undefined> {
    const before = changes;
    const row = await table.byDigest(digest);
    if (before !== changes) return read(digest, at);
    if (row) known.set(digest, { at, row });
    else {
      known.delete(digest);
      unknown.set(digest, at);
    }
    return row;
  }

  return {
    find: async (token) => {
      const digest = sha256Of(token);
      const now = clock.now().getTime();
      const found = known.get(digest);
      if (found && isFresh(found.at, now)) return found.row;
      const missed = unknown.get(digest);
      if (missed !== undefined && isFresh(missed, now)) return undefined;
      return read(digest, now);
    },
    forget: () => {
      changes++;
      known.clear();
      unknown.clear();
    },
  };
}
