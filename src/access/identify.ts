// SPDX-License-Identifier: Apache-2.0

import { type Actor, ADMINISTRATOR } from './actor.ts';
import type { AdminCheck } from './admin-token.ts';
import { bearerToken } from './bearer.ts';
import { parseReaderToken } from './reader-token.ts';
import type { TokenInfo, Tokens } from './tokens.ts';

/** Who asks. What a stranger is told does not say more than what the stranger knows; what is logged does. */
export type Asking = { readonly type: 'actor'; readonly actor: Actor } | Stranger;

export type Stranger =
  | { readonly type: 'stranger'; readonly why: 'nothing sent' | 'unknown' }
  | { readonly type: 'stranger'; readonly why: 'expired' | 'revoked'; readonly token: TokenInfo };

/** By the `Authorization` header. @throws AirlockError store-unavailable where a token can not be looked up */
export type Identify = (authorization: string | undefined) => Promise<Asking>;

export function createIdentify(deps: {
  readonly tokens: Pick<Tokens, 'recognise'>;
  readonly isAdmin: AdminCheck;
}): Identify {
  return async (authorization) => {
    if (authorization === undefined) return { type: 'stranger', why: 'nothing sent' };
    const token = parseReaderToken(bearerToken(authorization));
    const known = token && (await deps.tokens.recognise(token));
    if (known?.type === 'live') return { type: 'actor', actor: known.actor };
    if (deps.isAdmin(authorization)) return { type: 'actor', actor: ADMINISTRATOR };
    if (known === undefined || known.type === 'unknown') return { type: 'stranger', why: 'unknown' };
    return { type: 'stranger', why: known.type, token: known.token };
  };
}
