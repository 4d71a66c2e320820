// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import type { Clock } from '#src/domain/clock.ts';
import { sha256Of } from '#src/domain/digest.ts';
import { AirlockError } from '#src/domain/errors.ts';
import type { TokenRow } from '#src/index/schema.ts';
import type { Tokens as TokenTable } from '#src/index/tokens.ts';
import type { Actor } from './actor.ts';
import { createLastUses } from './last-uses.ts';
import { mintReaderToken, type ReaderToken } from './reader-token.ts';
import { createTokenLookup } from './token-lookup.ts';

const DAY_MILLISECONDS = 86_400_000;
const ID_BYTES = 6;

export interface TokenOrder {
  readonly name: string;
  readonly owner: string;
  /** Who gives it out. */
  readonly by: string;
  /** Null: never. Undefined: as the configuration has it. */
  readonly days?: number | null | undefined;
}

/** A token as people see it: all but what opens. */
export type TokenInfo = Omit<TokenRow, 'digest'> & { readonly state: 'active' | 'expired' | 'revoked' };

/** What a token that was sent is. Only a `live` one opens; the others are told apart for the log. */
export type Known =
  | { readonly type: 'live'; readonly actor: Actor }
  | { readonly type: 'expired' | 'revoked'; readonly token: TokenInfo }
  | { readonly type: 'unknown' };

/** The tokens of readers: given out, listed, revoked, recognised. */
export interface Tokens {
  /** The token is in this answer, and nowhere else ever. @throws AirlockError bad-request above the longest lifetime */
  issue(order: TokenOrder): Promise<{ readonly token: ReaderToken; readonly info: TokenInfo }>;
  /** Newest first, whatever their state. */
  list(limit: number): Promise<TokenInfo[]>;
  /** At once in this process, within seconds in others. Undefined for an unknown id; the first revocation stays. */
  revoke(id: string, by: string): Promise<TokenInfo | undefined>;
  /** Who sent it; notes the use. @throws AirlockError store-unavailable */
  recognise(token: ReaderToken): Promise<Known>;
  /** Write what is not written yet. */
  stop(): Promise<void>;
}

export interface TokensDeps {
  readonly table: TokenTable;
  readonly clock: Clock;
  readonly tokenDays: number;
  /** Null: no limit, and tokens that never expire. */
  readonly maxTokenDays: number | null;
  /** For the log: these acts are no signed records. */
  readonly onAct: (act: 'given out' | 'revoked', token: TokenInfo, by: string) => void;
  /** Last uses could not be written. */
  readonly onError: (error: unknown) => void;
  readonly random?: (size: number) => Buffer;
}

export function createTokens(deps: TokensDeps): Tokens {
  const { table, clock, random = randomBytes } = deps;
  const lookup = createTokenLookup(table, clock);
  const uses = createLastUses({ write: table.used, onError: deps.onError });

  const infoOf = (row: TokenRow): TokenInfo => describeToken(row, clock.now(), uses.pending(row.id));

  async function issue(order: TokenOrder): Promise<{ token: ReaderToken; info: TokenInfo }> {
    const token = mintReaderToken(random);
    const now = clock.now();
    const row: TokenRow = {
      id: random(ID_BYTES).toString('hex'),
      digest: sha256Of(token),
      name: order.name,
      owner: order.owner,
      role: 'reader',
      createdAt: now.toISOString(),
      createdBy: order.by,
      expiresAt: expiryOf(deps, order.days, now),
      lastUsedAt: null,
      revokedAt: null,
      revokedBy: null,
    };
    // The id is short for people to type, so that it may be taken once in a very long while.
    if (!(await table.add(row))) return issue(order);
    const info = infoOf(row);
    deps.onAct('given out', info, order.by);
    return { token, info };
  }

  return {
    issue,
    list: async (limit) => (await table.list(limit)).map(infoOf),
    revoke: async (id, by) => {
      const row = await table.revoke(id, clock.now().toISOString(), by);
      lookup.forget();
      const info = row && infoOf(row);
      if (info) deps.onAct('revoked', info, by);
      return info;
    },
    recognise: async (token) => {
      const row = await lookup.find(token);
      if (row?.role !== 'reader') return { type: 'unknown' };
      const now = clock.now();
      const state = stateOf(row, now);
      if (state !== 'active') return { type: state, token: infoOf(row) };
      uses.note(row.id, now);
      const { id, name, owner, createdAt, expiresAt } = row;
      return { type: 'live', actor: { id, name, owner, roles: [row.role], via: 'token', createdAt, expiresAt } };
    },
    stop: uses.stop,
  };
}

function expiryOf({ tokenDays, maxTokenDays }: TokensDeps, days: TokenOrder['days'], now: Date): string | null {
  const wanted = days === undefined ? tokenDays : days;
  if (maxTokenDays !== null && (wanted === null || wanted > maxTokenDays))
    throw new AirlockError(
      'bad-request',
      `A token of this mirror lives for ${maxTokenDays} days at most: ask for fewer, or change access.maxTokenDays in the configuration.`,
    );
  return wanted === null ? null : new Date(now.getTime() + wanted * DAY_MILLISECONDS).toISOString();
}

function stateOf({ revokedAt, expiresAt }: TokenRow, now: Date): TokenInfo['state'] {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && expiresAt <= now.toISOString() ? 'expired' : 'active';
}

function describeToken(row: TokenRow, now: Date, used: string | undefined): TokenInfo {
  const { digest: _, lastUsedAt, ...rest } = row;
  return { ...rest, state: stateOf(row, now), lastUsedAt: used ?? lastUsedAt };
}
