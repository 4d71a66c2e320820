// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import type { Facts } from './facts.ts';

/**
 * Facts as they come from a child process that has read hostile bytes, or from a cache: checked in full. Sizes of the
 * document as a whole are the receiver's to limit.
 */
const count = z.number().int().nonnegative();
const words = z.string().max(4096);

const problem = z.strictObject({ code: words, offset: count.optional(), detail: words });
const use = z.strictObject({
  scheme: words,
  name: words,
  at: words,
  count: count.optional(),
  offset: count.optional(),
});

const globalFact = z.strictObject({
  module: words,
  name: words,
  op: words,
  offset: count,
  count,
  memo: z.literal(true).optional(),
});
const callFact = z.strictObject({
  callee: z.enum(['global', 'result', 'extension', 'computed']),
  module: words.optional(),
  name: words.optional(),
  text: words,
  op: words,
  args: words,
  offset: count,
  count,
  via: words.optional(),
});

const pickle = z.strictObject({
  count,
  protocol: count,
  globals: z.array(globalFact),
  calls: z.array(callFact),
  opcodes: z.array(words),
  persistentIds: count,
  extensions: z.array(z.number().int()),
});

const license = z.strictObject({
  found: z
    .array(z.strictObject({ name: words, by: z.enum(['text', 'title', 'tag', 'key']), at: words.optional() }))
    .max(64),
  words: count.optional(),
  unexplained: count.optional(),
});

const node = {
  format: z.string().max(64),
  size: count,
  problems: z.array(problem),
  limit: z.strictObject({ budget: words, limit: z.number(), actual: z.number() }).optional(),
  pickle: pickle.optional(),
  uses: z.array(use).optional(),
  license: license.optional(),
};

const member: z.ZodType = z.lazy(() =>
  z.strictObject({
    ...node,
    name: z.string().max(70_000),
    offset: count,
    storage: z.literal(true).optional(),
    members: z.array(member).optional(),
  }),
);

const factsSchema = z.strictObject({
  ...node,
  extractors: z.record(z.string().max(64), z.int()).optional(),
  members: z.array(member).optional(),
});

/** The facts in this JSON value, or an error that says what is wrong with it. */
export function parseFacts(value: unknown): { facts: Facts } | { error: string } {
  const parsed = factsSchema.safeParse(value);
  // The schema and the interface say the same; only `undefined` beside absent differs (exactOptionalPropertyTypes).
  if (parsed.success) return { facts: parsed.data as Facts };
  return { error: z.prettifyError(parsed.error).slice(0, 500) };
}
