// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import type { Clock } from '#src/domain/clock.ts';
import { sha256Of } from '#src/domain/digest.ts';
import { AirlockError } from '#src/domain/errors.ts';
import type { TokenRow } from '#src/index/schema.ts';
import type { Tokens as TokenTable } from '#src/index/tokens.ts';
import type { Actor } from './actor.ts';
import { createLastUses } from './last-uses.ts';
import { parseRoles, parseTexts, type Role } from './permissions.ts';
import { mintReaderToken, type ReaderToken } from './reader-token.ts';
import { createTokenLookup, type Revocations } from './token-lookup.ts';
import { createTokenSeal } from './token-seal.ts';

const DAY_MILLISECONDS = 86_400_000;
const ID_BYTES = 6;

export interface TokenOrder {
  readonly name: string;
  readonly owner: string;
  /** Who gives it out. */
  readonly by: string;
  /** Default: reader. */
  readonly roles?: readonly Role[];
  /** Patterns of restricted repos that it may read: see grants.ts. Default: none. */
  readonly grants?: readonly string[];
  /** Null: never. Undefined: as the configuration has it. */
  readonly days?: number | null | undefined;
}

/** A token as people see it: all but what opens. */
export interface TokenInfo extends Omit<TokenRow, 'digest' | 'seal' | 'roles' | 'grants'> {
  readonly roles: readonly Role[];
  readonly grants: readonly string[];
  /** `altered`: not as this mirror wrote it; it opens nothing. */
  readonly state: 'active' | 'expired' | 'revoked' | 'altered';
}

/** What a token that was sent is. Only a `live` one opens; the others are told apart for the log. */
export type Known =
  | { readonly type: 'live'; readonly actor: Actor }
  | { readonly type: 'expired' | 'revoked'; readonly token: TokenInfo }
  | { readonly type: 'unknown' };

/** The tokens of people and programs: given out, listed, revoked, recognised. */
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
  /** Outside of the index: an old copy of that revives no token. */
  readonly revocations: Revocations;
  /** Seals the rows, and is no part of the index. */
  readonly key: Uint8Array;
  readonly clock: Clock;
  readonly tokenDays: number;
  /** Null: no limit, and tokens that never expire. */
  readonly maxTokenDays: number | null;
  /** For the log: these acts are no signed records. */
  readonly onAct: (act: 'given out' | 'revoked', token: TokenInfo, by: string) => void;
  /** A row that somebody made or changed who is not this mirror was asked for. */
  readonly onAltered: (row: Pick<TokenRow, 'id' | 'name' | 'owner'>) => void;
  /** Last uses could not be written. */
  readonly onError: (error: unknown) => void;
  readonly random?: (size: number) => Buffer;
}

export function createTokens(deps: TokensDeps): Tokens {
  const { table, clock, random = randomBytes } = deps;
  const seals = createTokenSeal(deps.key);
  const lookup = createTokenLookup({ ...deps, seals });
  const uses = createLastUses({ write: table.used, onError: deps.onError });

  const infoOf = (row: TokenRow): TokenInfo => {
    const info = describeToken(row, clock.now(), uses.pending(row.id));
    return seals.verify(row) ? info : { ...info, state: 'altered' };
  };

  async function issue(order: TokenOrder): Promise<{ token: ReaderToken; info: TokenInfo }> {
    const token = mintReaderToken(random);
    const now = clock.now();
    const sealed = {
      id: random(ID_BYTES).toString('hex'),
      digest: sha256Of(token),
      name: order.name,
      owner: order.owner,
      roles: JSON.stringify(order.roles ?? ['reader']),
      grants: JSON.stringify(order.grants ?? []),
      createdAt: now.toISOString(),
      createdBy: order.by,
      expiresAt: expiryOf(deps, order.days, now),
    };
    const row = { ...sealed, seal: seals.seal(sealed), lastUsedAt: null, revokedAt: null, revokedBy: null };
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
      const at = clock.now().toISOString();
      const known = await table.byId(id);
      if (!known) return undefined;
      // A crash behind this line leaves a token that opens nothing, and whose row does not say so yet: revoke it again.
      if (known.revokedAt === null) await deps.revocations.add(id, at, by);
      const row = await table.revoke(id, at, by);
      lookup.forget();
      const info = row && infoOf(row);
      if (info) deps.onAct('revoked', info, by);
      return info;
    },
    recognise: async (token) => {
      const found = await lookup.find(token);
      if (!found) return { type: 'unknown' };
      const { row, grants } = found;
      const now = clock.now();
      const state = stateOf(row, now);
      if (state !== 'active') return { type: state, token: infoOf(row) };
      uses.note(row.id, now);
      const { id, name, owner, createdAt, expiresAt } = row;
      return {
        type: 'live',
        actor: { id, name, owner, roles: found.roles, grants, via: 'token', createdAt, expiresAt },
      };
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

function stateOf({ revokedAt, expiresAt }: TokenRow, now: Date): 'active' | 'expired' | 'revoked' {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && expiresAt <= now.toISOString() ? 'expired' : 'active';
}

function describeToken(row: TokenRow, now: Date, used: string | undefined): TokenInfo {
  const { digest: _, seal: __, roles, grants, lastUsedAt, ...rest } = row;
  return {
    ...rest,
    roles: parseRoles(roles),
    grants: parseTexts(grants),
    state: stateOf(row, now),
    lastUsedAt: used ?? lastUsedAt,
  };
}
