// SPDX-License-Identifier: Apache-2.0
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { TokenRow } from '#src/index/schema.ts';

/** All that makes a token what it is. When it was used and revoked is not here: neither can make it open more. */
export type SealedPart = Pick<
  TokenRow,
  'id' | 'digest' | 'name' | 'owner' | 'roles' | 'grants' | 'createdAt' | 'createdBy' | 'expiresAt'
>;

/**
 * Rows of tokens are in a file that anyone with a database shell can edit. So each has an HMAC over all that makes it
 * open: who can write to the index, and has no index key, makes no token and widens none. A row that does not verify
 * opens nothing.
 */
export interface TokenSeal {
  seal(row: SealedPart): string;
  verify(row: TokenRow): boolean;
}

export function createTokenSeal(key: Uint8Array): TokenSeal {
  // JSON keeps the fields apart. Its first word is no other use's of the same key.
  const seal = (row: SealedPart): string => {
    const { id, digest, name, owner, roles, grants, createdAt, createdBy, expiresAt } = row;
    const fields = [id, digest, name, owner, roles, grants, createdAt, createdBy, expiresAt];
    return createHmac('sha256', key)
      .update(JSON.stringify(['hub-airlock token', ...fields]))
      .digest('base64url');
  };
  return {
    seal,
    verify: (row) => {
      const [given, expected] = [Buffer.from(row.seal ?? ''), Buffer.from(seal(row))];
      return given.length === expected.length && timingSafeEqual(given, expected);
    },
  };
}
