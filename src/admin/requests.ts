// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import type { Actor } from '#src/access/actor.ts';
import { AirlockError } from '#src/domain/errors.ts';
import { REPO_KINDS } from '#src/domain/repo.ts';

/** What the records call the mirror itself: no person may sign as it. */
const RESERVED = 'policy';

/** A person's name, as the holder of the bootstrap token gives it. */
export const personShape = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .refine(isPerson, `"${RESERVED}" is reserved: name a person`);

/** Why somebody acts: it goes into the signed record. */
export const reasonShape = z.string().trim().min(1).max(2000);

/** What every act about a repo says. */
export const actShape = {
  kind: z.enum(REPO_KINDS).default('models'),
  repo: z.string(),
  by: personShape.optional(),
  reason: reasonShape,
};

function isPerson(by: string): boolean {
  return by.normalize('NFKC').trim().toLowerCase() !== RESERVED;
}

/**
 * Who signs: the owner of the token. The bootstrap token is shared, so that its holder says who acts.
 * @throws AirlockError bad-request
 */
export function personOf({ via, name, owner }: Actor, by: string | undefined): string {
  if (via === 'bootstrap') {
    if (by !== undefined) return by;
    throw new AirlockError('bad-request', 'The request is not valid: by: name the person who acts.');
  }
  if (by === undefined || by === owner) return owner;
  const text = `The request is not valid: by: the token "${name}" acts for ${owner} and for nobody else.`;
  throw new AirlockError('bad-request', text);
}

/** @throws AirlockError bad-request, with everything that is wrong */
export function valid<T extends z.ZodType>(shape: T, value: unknown): z.output<T> {
  const parsed = shape.safeParse(value);
  if (!parsed.success)
    throw new AirlockError('bad-request', `The request is not valid: ${parsed.error.issues.map(problem).join('; ')}.`);
  return parsed.data;
}

/** In a header and a terminal: one line, without signs of its own. */
function problem({ path, message }: z.core.$ZodIssue): string {
  return [...path.map(String), message].join(': ');
}
