// SPDX-License-Identifier: Apache-2.0

import { type Actor, ADMINISTRATOR } from './actor.ts';
import type { AdminCheck } from './admin-token.ts';
import { bearerToken } from './bearer.ts';
import type { Oidc } from './oidc.ts';
import { parseReaderToken } from './reader-token.ts';
import type { TokenInfo, Tokens } from './tokens.ts';

/** Who asks. What a stranger is told does not say more than what the stranger knows; what is logged does. */
export type Asking = { readonly type: 'actor'; readonly actor: Actor } | Stranger;

export type Stranger =
  | { readonly type: 'stranger'; readonly why: 'nothing sent' | 'unknown' }
  | { readonly type: 'stranger'; readonly why: 'expired' | 'revoked'; readonly token: TokenInfo };

/** By the `Authorization` header. @throws AirlockError store-unavailable, issuer-unavailable */
export type Identify = (authorization: string | undefined) => Promise<Asking>;

export interface IdentifyDeps {
  readonly tokens: Pick<Tokens, 'recognise'>;
  readonly isAdmin: AdminCheck;
  readonly oidc: Oidc;
  /** For the log: a token of an issuer that is known here, and does not count. */
  readonly onRefusedOidc: (refused: { readonly issuer: string; readonly why: string }) => void;
}

export function createIdentify(deps: IdentifyDeps): Identify {
  return async (authorization) => {
    if (authorization === undefined) return { type: 'stranger', why: 'nothing sent' };
    const bearer = bearerToken(authorization);
    const token = parseReaderToken(bearer);
    const known = token && (await deps.tokens.recognise(token));
    if (known?.type === 'live') return { type: 'actor', actor: known.actor };
    if (deps.isAdmin(authorization)) return { type: 'actor', actor: ADMINISTRATOR };
    const person = known || bearer === undefined ? undefined : await deps.oidc.recognise(bearer);
    if (person?.type === 'live') return { type: 'actor', actor: person.actor };
    if (person?.type === 'refused') deps.onRefusedOidc(person);
    if (known === undefined || known.type === 'unknown') return { type: 'stranger', why: 'unknown' };
    return { type: 'stranger', why: known.type, token: known.token };
  };
}
