// SPDX-License-Identifier: Apache-2.0
import { LRUCache } from 'lru-cache';
import type { Clock } from '#src/domain/clock.ts';
import { type Sha256, sha256Of } from '#src/domain/digest.ts';
import type { TokenRow } from '#src/index/schema.ts';
import type { Tokens as TokenTable } from '#src/index/tokens.ts';
import { createGrants, type Grants } from './grants.ts';
import { parseRoles, parseTexts, type Role } from './permissions.ts';
import type { ReaderToken } from './reader-token.ts';
import type { TokenSeal } from './token-seal.ts';

/** For so long another process's revocation is not seen here. */
const FRESH_MILLISECONDS = 3000;
const KNOWN_TOKENS = 10_000;
/** Apart from the known ones, so that nobody can push those out by guessing. */
const UNKNOWN_TOKENS = 1000;

/** That tokens were revoked, kept where no edited or old index undoes it. */
export interface Revocations {
  /** Durable when it returns; the first one stays. @throws AirlockError store-unavailable */
  add(id: string, at: string, by: string): Promise<void>;
  /** @throws AirlockError store-unavailable */
  find(id: string): Promise<{ readonly at: string; readonly by: string } | undefined>;
}

/** A row that this mirror sealed, with what it says. */
export interface KnownToken {
  readonly row: TokenRow;
  readonly roles: readonly Role[];
  readonly grants: Grants;
}

/**
 * The row of a token, from memory for a few seconds. Found by its digest, so that how long it takes says nothing about
 * the token: nobody can choose a text for the beginning of its SHA-256. Memory has digests alone, too.
 */
export interface TokenLookup {
  /** Whatever the state of the token; undefined for a row that is not as it was sealed. @throws AirlockError store-unavailable */
  find(token: ReaderToken): Promise<KnownToken | undefined>;
  /** After a change: what is being read now was read before it. */
  forget(): void;
}

export interface TokenLookupDeps {
  readonly table: Pick<TokenTable, 'byDigest'>;
  readonly revocations: Pick<Revocations, 'find'>;
  readonly seals: Pick<TokenSeal, 'verify'>;
  readonly clock: Clock;
  readonly onAltered: (row: Pick<TokenRow, 'id' | 'name' | 'owner'>) => void;
}

export function createTokenLookup({ table, revocations, seals, clock, onAltered }: TokenLookupDeps): TokenLookup {
  const known = new LRUCache<Sha256, { readonly at: number; readonly token: KnownToken }>({ max: KNOWN_TOKENS });
  const unknown = new LRUCache<Sha256, number>({ max: UNKNOWN_TOKENS });
  let changes = 0;

  const isFresh = (at: number, now: number): boolean => now >= at && now - at < FRESH_MILLISECONDS;

  async function load(digest: Sha256): Promise<KnownToken | undefined> {
    const row = await table.byDigest(digest);
    if (!row) return undefined;
    if (!seals.verify(row)) {
      const { id, name, owner } = row;
      onAltered({ id, name, owner });
      return undefined;
    }
    const revoked = row.revokedAt === null ? await revocations.find(row.id) : undefined;
    const now = revoked ? { ...row, revokedAt: revoked.at, revokedBy: revoked.by } : row;
    return { row: now, roles: parseRoles(row.roles), grants: createGrants(parseTexts(row.grants)) };
  }

  async function read(digest: Sha256, at: number): Promise<KnownToken | undefined> {
    const before = changes;
    const token = await load(digest);
    if (before !== changes) return read(digest, at);
    if (token) known.set(digest, { at, token });
    else {
      known.delete(digest);
      unknown.set(digest, at);
    }
    return token;
  }

  return {
    find: async (token) => {
      const digest = sha256Of(token);
      const now = clock.now().getTime();
      const found = known.get(digest);
      if (found && isFresh(found.at, now)) return found.token;
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
