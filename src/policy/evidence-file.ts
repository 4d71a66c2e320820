// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import type { EvidenceDocument } from '#src/domain/evidence.ts';
import { evidenceFields } from './evidence-schema.ts';

/** What somebody expects of the policy: an outcome, and perhaps exactly these keys of reasons that count. */
const expectation = z.strictObject({
  outcome: z.enum(['approved', 'held', 'denied', 'goes-on']),
  reasons: z.array(z.string()).exactOptional(),
});

/** A document with what is wanted of it: a case of `airlock policy test`. */
export type EvidenceFile = EvidenceDocument & {
  readonly expect?: z.output<typeof expectation>;
  /** Keys that a person has accepted. */
  readonly accepts?: readonly string[];
  readonly $schema?: string;
};

export const evidenceFileSchema = z.strictObject({
  ...evidenceFields,
  expect: expectation.exactOptional(),
  accepts: z.array(z.string()).exactOptional(),
  $schema: z.string().exactOptional(),
}) as unknown as z.ZodType<EvidenceFile>;
