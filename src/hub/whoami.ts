// SPDX-License-Identifier: Apache-2.0
import type { Context } from 'hono';
import type { Actor } from '#src/access/actor.ts';
import { originOf } from '#src/access/origin.ts';
import { sha256Of } from '#src/domain/digest.ts';
import { type ReadAccessOptions, strangerText, strangerTopic, UNAUTHORIZED } from './read-access.ts';
import { hubError, json } from './respond.ts';

export type WhoAmIOptions = Pick<ReadAccessOptions, 'identify' | 'onRefused'>;

/**
 * `GET /api/whoami-v2`: what `hf auth login` asks before it keeps a token, and `hf auth whoami` shows. The error is
 * word for word the Hub's (hub-api 3.1): clients know it. What it means here is in the warning.
 */
export async function serveWhoAmI(c: Context, access: WhoAmIOptions): Promise<Response> {
  const asking = await access.identify(c.req.header('authorization'));
  if (asking.type === 'actor') return json(c, whoAmI(asking.actor), { 'cache-control': 'no-store' });
  access.onRefused(c.get('requestId'), asking);
  const answer = hubError(c, { ...UNAUTHORIZED, message: 'Invalid username or password.' });
  answer.headers.set('x-hf-warning', `${strangerTopic(asking)}; ${strangerText(asking, originOf(c).baseUrl)}`);
  return answer;
}

/** As the Hub describes a person with an access token; clients keep the token under its `displayName`. */
function whoAmI({ name, owner, createdAt, expiresAt }: Actor): object {
  return {
    type: 'user',
    id: sha256Of(owner).slice(0, 24),
    name: owner,
    fullname: owner,
    isPro: false,
    canPay: false,
    emailVerified: false,
    avatarUrl: '',
    periodEnd: null,
    orgs: [],
    auth: {
      type: 'access_token',
      ...(expiresAt ? { expiresAt } : {}),
      accessToken: { displayName: name, role: 'read', ...(createdAt ? { createdAt } : {}) },
    },
  };
}
