// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { repoName } from '#src/domain/repo.ts';
import type { Moved } from '#src/review/rollback.ts';

export const movedShape = z.object({
  repo: z.string(),
  ref: z.string(),
  from: z.string(),
  to: z
    .string()
    .optional()
    .meta({ description: 'where it points now; nothing: there is no good commit, and it is refused' }),
});

/** What a revocation that rolled back says of refs. */
export const movedAnswer = { subject: z.string(), moved: z.array(movedShape), movedCount: z.number() };

/** Refs in one answer; the rest have moved all the same. */
const MAX_MOVED = 1000;

export function movedJson(moved: readonly Moved[]): { moved: z.output<typeof movedShape>[]; movedCount: number } {
  return { moved: moved.slice(0, MAX_MOVED).map(oneMoved), movedCount: moved.length };
}

export function oneMoved({ repo, ref, from, to }: Moved): z.output<typeof movedShape> {
  return { repo: repoName(repo), ref, from, ...(to && { to }) };
}
