// SPDX-License-Identifier: Apache-2.0
import type { Context } from 'hono';

/** Who a request comes from, as far as reading goes. For the log and the audit: never the token itself. */
export interface Reader {
  /** Of the token; `administrator` for the administrative one. */
  readonly id: string;
  /** What the token is called, and whose it is. */
  readonly name: string;
  readonly owner: string;
  readonly role: 'reader' | 'administrator';
  readonly createdAt?: string;
  readonly expiresAt?: string | null;
}

export const ADMINISTRATOR: Reader = {
  id: 'administrator',
  name: 'administrator',
  owner: 'administrator',
  role: 'administrator',
};

/** Undefined for a stranger on an open mirror. */
export function readerOf(c: Context): Reader | undefined {
  return c.get('reader') as Reader | undefined;
}
