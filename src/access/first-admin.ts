// SPDX-License-Identifier: Apache-2.0
import type { ReaderToken } from './reader-token.ts';
import type { TokenInfo, Tokens } from './tokens.ts';

/** What the records call the mirror itself: no person can be named so, and gives out such a token. */
const MIRROR = 'policy';
const NAME = 'first-admin';
const LIFETIME_DAYS = 1;
/** A mirror has dozens of tokens; one whose newest five thousand hold no administrator's gets another first one. */
const LOOKED_AT = 5000;

/**
 * Where nobody could administer (no administrative token in the configuration, and no token with that role), a start
 * makes one that lives for a day, to give out the first personal one with: then it is withdrawn. One that nobody has
 * used, because its line was lost, is replaced at the next start. Undefined where somebody can administer.
 */
export async function firstAdminToken(tokens: Tokens): Promise<ReaderToken | undefined> {
  const admins = await activeAdmins(tokens);
  if (admins.some((token) => !isFirst(token) || token.lastUsedAt !== null)) return undefined;
  for (const { id } of admins) await tokens.revoke(id, MIRROR);
  const order = { name: NAME, owner: 'first administrator', by: MIRROR, roles: ['admin'] } as const;
  return (await tokens.issue({ ...order, days: LIFETIME_DAYS })).token;
}

/** Once there is a personal one. */
export async function withdrawFirstAdmin(tokens: Tokens): Promise<void> {
  for (const token of await activeAdmins(tokens)) if (isFirst(token)) await tokens.revoke(token.id, MIRROR);
}

async function activeAdmins(tokens: Tokens): Promise<TokenInfo[]> {
  return (await tokens.list(LOOKED_AT)).filter(({ state, roles }) => state === 'active' && roles.includes('admin'));
}

function isFirst({ name, createdBy }: TokenInfo): boolean {
  return name === NAME && createdBy === MIRROR;
}
