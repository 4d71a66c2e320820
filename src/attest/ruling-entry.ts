// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { type Sha256, sha256Of } from '#src/domain/digest.ts';
import { REPO_KINDS } from '#src/domain/repo.ts';
import type { RulingEvent } from '#src/domain/ruling.ts';
import { canonicalJson } from './canonical-json.ts';
import { actFields, isPlaced, placeFields } from './chain-fields.ts';
import { sha256Field, textField, timeField } from './fields.ts';
import { digestScope, publisherScope, repoScope, ruleScope } from './scope-fields.ts';
import type { KeyRole, PublicKey, Signer } from './signer.ts';
import { openStatement, type StatementKind, signStatement } from './statement.ts';

/** An identifier; nothing is fetched from it. */
const RULING_PREDICATE_TYPE = 'https://hub-airlock.dev/attestation/ruling/v1';

/** One signed, numbered record of what people decided for more than one commit: a link of one chain for the whole store. */
export interface RulingEntry {
  readonly seq: number;
  readonly previous: Sha256 | null;
  /** ISO 8601 with `Z`. */
  readonly at: string;
  readonly by: string;
  readonly reason: string;
  readonly event: RulingEvent;
}

const number = z.int().positive();

const eventSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('source'),
    match: textField,
    kinds: z.array(z.enum(REPO_KINDS)).min(1),
    mode: z.enum(['auto', 'review', 'request', 'deny']),
    include: z.array(textField).min(1),
    exclude: z.array(textField),
    gated: z.enum(['hold', 'granted', 'allow']),
    expiresAt: timeField.nullable(),
  }),
  z.strictObject({ type: z.literal('code'), digest: sha256Field }),
  z.strictObject({
    type: z.literal('waiver'),
    rule: textField,
    scope: z.discriminatedUnion('type', [repoScope, digestScope]),
    owner: textField,
    expiresAt: timeField,
  }),
  z.strictObject({
    type: z.literal('revocation'),
    scope: z.discriminatedUnion('type', [repoScope, digestScope, publisherScope, ruleScope]),
  }),
  z.strictObject({ type: z.literal('reinstatement'), ruling: number }),
  z.strictObject({ type: z.literal('end'), ruling: number }),
]);

const entrySchema: z.ZodType<RulingEntry> = z
  .strictObject({ ...placeFields, ...actFields, event: eventSchema })
  .refine(isPlaced, 'only the first entry has no previous one');

const KIND: StatementKind<RulingEntry> = {
  name: 'ruling',
  predicateType: RULING_PREDICATE_TYPE,
  predicate: entrySchema,
  // in-toto wants a digest of what a statement is about. A ruling is about itself: a publisher or a rule has none.
  subjectOf: ({ seq, event }) => [{ name: `ruling ${seq}`, digest: { sha256: sha256Of(canonicalJson(event)) } }],
  roleOf: ({ event }) => roleOf(event),
};

/** The approval key says yes, the evidence key says no: neither can be made to speak for the other. */
export function roleOf(event: RulingEvent): KeyRole {
  switch (event.type) {
    case 'source':
      return event.mode === 'auto' || event.mode === 'review' ? 'approval' : 'evidence';
    case 'code':
    case 'waiver':
    case 'reinstatement':
      return 'approval';
    case 'revocation':
    case 'end':
      return 'evidence';
  }
}

/** Sign a ruling with the key of the role that its event needs. @throws AirlockError record-invalid, limit-exceeded */
export async function signRuling(signers: Readonly<Record<KeyRole, Signer>>, entry: RulingEntry): Promise<Buffer> {
  return signStatement(signers[roleOf(entry.event)], KIND, entry);
}

/** @throws AirlockError signature-invalid, also when the other role's key signed it; record-invalid */
export function openRuling(bytes: Uint8Array, keys: readonly PublicKey[]): RulingEntry {
  return openStatement(bytes, keys, KIND);
}
