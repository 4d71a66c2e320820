// SPDX-License-Identifier: Apache-2.0
import type { Context } from 'hono';
import { ALL_GRANTS, type Grants } from './grants.ts';
import { type Permission, type Role, rolesAllow } from './permissions.ts';

/** Who a request comes from. For permissions, the log and signed records: never the token itself. */
export interface Actor {
  /** Of the token; `administrator` for the bootstrap one. */
  readonly id: string;
  /** What the token is called, and whose it is. */
  readonly name: string;
  readonly owner: string;
  readonly roles: readonly Role[];
  /** Which restricted repos it may read. */
  readonly grants: Grants;
  /** `bootstrap`: the administrative token of the configuration, which several people may share. */
  readonly via: 'bootstrap' | 'token' | 'oidc';
  readonly createdAt?: string;
  readonly expiresAt?: string | null;
}

export const ADMINISTRATOR: Actor = {
  id: 'administrator',
  name: 'administrator',
  owner: 'administrator',
  roles: ['admin'],
  grants: ALL_GRANTS,
  via: 'bootstrap',
};

export function may(actor: Actor, permission: Permission): boolean {
  return rolesAllow(actor.roles, permission);
}

/** Undefined for a stranger on an open mirror. */
export function actorOf(c: Context): Actor | undefined {
  return c.get('actor') as Actor | undefined;
}
