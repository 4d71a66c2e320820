// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { REPO_KINDS } from '#src/domain/repo.ts';

/*
 * What several routes answer. Answers are described, and not parsed: types hold them together with what is sent, and a
 * field that is not described here may be there all the same.
 */

export const kindShape = z.enum(REPO_KINDS);

export const reasonsShape = z
  .array(
    z.object({
      rule: z.string(),
      effect: z.enum(['note', 'hold', 'deny']),
      message: z.string(),
      path: z.string().optional(),
      accepted: z.string().optional().meta({ description: 'who accepted it: it counts no longer' }),
    }),
  )
  .readonly();

/** What came of something, as far as it is known. */
export const outcomeShape = z.looseObject({
  repo: z.string(),
  commit: z.string().optional(),
  state: z
    .string()
    .meta({ description: 'approved, held, denied, rejected, revoked, quarantined, closed, failed or running' }),
});
export type OutcomeAnswer = z.infer<typeof outcomeShape>;

/** An act that has happened. */
export const doneShape = z.object({ repo: z.string(), commit: z.string(), state: z.string() });
