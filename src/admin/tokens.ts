// SPDX-License-Identifier: Apache-2.0
import { Hono } from 'hono';
import * as z from 'zod';
import type { AdminCheck } from '#src/access/admin-token.ts';
import type { Tokens } from '#src/access/tokens.ts';
import { AirlockError } from '#src/domain/errors.ts';
import { act, personShape, requireAdmin, valid } from './requests.ts';

export interface TokenRoutesDeps {
  readonly tokens: Tokens;
  readonly isAdmin: AdminCheck;
}

/** A century: above it, a date has no four-digit year some day. */
const MAX_DAYS = 36_500;
const MAX_LISTED = 5000;

/** huggingface_hub keeps a token under its name in an INI file, where DEFAULT is no name of a section. */
const nameShape = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'a name has letters, digits, ".", "_" and "-", at most 64 of them')
  .refine((name) => name.toLowerCase() !== 'default', '"default" is reserved by the clients: take another name');
const byShape = personShape.default('administrator');

const issueShape = z.strictObject({
  name: nameShape,
  owner: personShape.regex(/^\P{C}+$/u, 'an owner has no control characters'),
  expiresDays: z.number().int().min(1).max(MAX_DAYS).nullish(),
  by: byShape,
});
const listShape = z.object({ limit: z.coerce.number().int().min(1).max(MAX_LISTED).default(1000) });
const revokeShape = z.object({ by: byShape });

/** `/tokens`: give out, list and revoke the tokens of readers. */
export function createTokenRoutes({ tokens, isAdmin }: TokenRoutesDeps): Hono {
  const app = new Hono();

  app.post('/', async (c) => {
    const { name, owner, by, expiresDays } = await act(c, { isAdmin }, issueShape);
    const { token, info } = await tokens.issue({ name, owner, by, days: expiresDays });
    return c.json({ ...info, token }, 201, { 'cache-control': 'no-store' });
  });

  app.get('/', async (c) => {
    requireAdmin(c, { isAdmin });
    return c.json(await tokens.list(valid(listShape, c.req.query()).limit));
  });

  app.delete('/:id', async (c) => {
    requireAdmin(c, { isAdmin });
    const { by } = valid(revokeShape, c.req.query());
    const info = await tokens.revoke(c.req.param('id'), by);
    if (!info) throw new AirlockError('upstream-entry-not-found', 'This mirror gave out no token with that id.');
    return c.json(info);
  });
  return app;
}
