// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { withdrawFirstAdmin } from '#src/access/first-admin.ts';
import { GRANT } from '#src/access/grants.ts';
import { ROLES } from '#src/access/permissions.ts';
import type { Tokens } from '#src/access/tokens.ts';
import { AirlockError } from '#src/domain/errors.ts';
import { personOf, personShape } from '../requests.ts';
import { type AdminRoute, defineRoute } from '../route.ts';

export interface TokenRoutesDeps {
  readonly tokens: Tokens;
}

/** A century: above it, a date has no four-digit year some day. */
const MAX_DAYS = 36_500;
const MAX_LISTED = 5000;
const MAX_GRANTS = 100;

/** huggingface_hub keeps a token under its name in an INI file, where DEFAULT is no name of a section. */
const nameShape = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'a name has letters, digits, ".", "_" and "-", at most 64 of them')
  .refine((name) => name.toLowerCase() !== 'default', '"default" is reserved by the clients: take another name');

const grantShape = z.string().regex(GRANT, 'a grant is "org/name", "datasets/org/name", or a pattern with "*"');

const issueShape = z.strictObject({
  name: nameShape,
  owner: personShape.regex(/^\P{C}+$/u, 'an owner has no control characters'),
  expiresDays: z.number().int().min(1).max(MAX_DAYS).nullish(),
  by: personShape.optional(),
  roles: z.array(z.enum(ROLES)).min(1).max(ROLES.length).default(['reader']),
  grants: z.array(grantShape).max(MAX_GRANTS).default([]),
});

const time = z.string().nullable();
const tokenShape = z.object({
  id: z.string(),
  name: z.string(),
  owner: z.string(),
  roles: z.array(z.enum(ROLES)).readonly(),
  grants: z.array(z.string()).readonly(),
  state: z.enum(['active', 'expired', 'revoked', 'altered']),
  createdAt: z.string(),
  createdBy: z.string(),
  expiresAt: time,
  lastUsedAt: time,
  revokedAt: time,
  revokedBy: z.string().nullable(),
});

/** Whose name is on it where the shared token gives none. */
const NOBODY_NAMED = 'administrator';

/** Give out, list and revoke the tokens of people and programs. */
export function tokenRoutes({ tokens }: TokenRoutesDeps): AdminRoute[] {
  return [
    defineRoute({
      method: 'post',
      path: '/tokens',
      permission: 'administer',
      changes: true,
      summary: 'Give out a token',
      request: { body: issueShape },
      answer: {
        status: 201,
        says: 'What is known of it, and the token: it is in this answer and nowhere else ever',
        json: tokenShape.extend({ token: z.string() }),
      },
      handle: async ({ actor, body: { by, expiresDays, ...order } }) => {
        const person = personOf(actor, by ?? nobody(actor.via));
        const { token, info } = await tokens.issue({ ...order, by: person, days: expiresDays });
        if (info.roles.includes('admin')) await withdrawFirstAdmin(tokens);
        return { ...info, token };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/tokens',
      permission: 'administer',
      changes: false,
      summary: 'List the tokens that were given out',
      request: { query: z.object({ limit: z.coerce.number().int().min(1).max(MAX_LISTED).default(1000) }) },
      answer: { says: 'Newest first, whatever their state', json: z.array(tokenShape) },
      handle: ({ query: { limit } }) => tokens.list(limit),
    }),
    defineRoute({
      method: 'delete',
      path: '/tokens/{id}',
      permission: 'administer',
      changes: true,
      summary: 'Withdraw a token: it opens nothing any more',
      request: { params: z.object({ id: z.string() }), query: z.object({ by: personShape.optional() }) },
      answer: { says: 'The token as it is now; a second time changes nothing', json: tokenShape },
      handle: async ({ actor, params: { id }, query: { by } }) => {
        const info = await tokens.revoke(id, personOf(actor, by ?? nobody(actor.via)));
        if (!info) throw new AirlockError('upstream-entry-not-found', 'This mirror gave out no token with that id.');
        return info;
      },
    }),
  ];
}

function nobody(via: string): string | undefined {
  return via === 'bootstrap' ? NOBODY_NAMED : undefined;
}
