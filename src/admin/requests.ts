// SPDX-License-Identifier: Apache-2.0
import type { Context } from 'hono';
import * as z from 'zod';
import type { AdminCheck } from '#src/access/admin-token.ts';
import { AirlockError } from '#src/domain/errors.ts';

/** What the records call the mirror itself: no person may sign as it. */
const RESERVED = 'policy';

/** A person's name, as the holder of the administrative token gives it. */
export const personShape = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .refine(isPerson, `"${RESERVED}" is reserved: name a person`);

function isPerson(by: string): boolean {
  return by.normalize('NFKC').trim().toLowerCase() !== RESERVED;
}

/** Authorisation first, then the body: a stranger learns nothing about what a body should look like. */
export async function act<T extends z.ZodType>(
  c: Context,
  deps: { readonly isAdmin: AdminCheck },
  shape: T,
): Promise<z.infer<T>> {
  requireAdmin(c, deps);
  return valid(shape, await c.req.json().catch(() => undefined));
}

export function valid<T extends z.ZodType>(shape: T, value: unknown): z.infer<T> {
  const parsed = shape.safeParse(value);
  if (!parsed.success)
    throw new AirlockError('bad-request', `The request is not valid: ${parsed.error.issues.map(problem).join('; ')}.`);
  return parsed.data;
}

/** In a header and a terminal: one line, without signs of its own. */
function problem({ path, message }: z.core.$ZodIssue): string {
  return [...path.map(String), message].join(': ');
}

export function requireAdmin(c: Context, { isAdmin }: { readonly isAdmin: AdminCheck }): void {
  if (isAdmin(c.req.header('authorization'))) return;
  throw new AirlockError(
    'unauthorized',
    'This needs the administrative token: set AIRLOCK_ADMIN_TOKEN, or run the command where the mirror keeps its data.',
  );
}
