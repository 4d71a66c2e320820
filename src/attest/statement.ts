// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { AirlockError } from '#src/domain/errors.ts';
import { printable } from '#src/domain/repo.ts';
import { canonicalJson, readJson } from './canonical-json.ts';
import { openBundle, signBundle } from './envelope.ts';
import { issuesText } from './fields.ts';
import type { KeyRole, PublicKey, Signer } from './signer.ts';

const PAYLOAD_TYPE = 'application/vnd.in-toto+json';
const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';

/** What a statement is about. Digest names are those of in-toto's DigestSet. */
export interface Subject {
  readonly name: string;
  readonly digest: Readonly<Record<string, string>>;
}

/** A kind of statement of this project: its predicate, the subject that follows from it, and who may sign it. */
export interface StatementKind<P> {
  readonly name: string;
  readonly predicateType: string;
  readonly predicate: z.ZodType<P>;
  readonly subjectOf: (predicate: P) => readonly Subject[];
  readonly roleOf: (predicate: P) => KeyRole;
}

/**
 * Sign an in-toto statement v1. It is checked as a reader will check it: what could not be opened is never signed.
 * @throws AirlockError record-invalid, signature-invalid (a signer of the wrong role), limit-exceeded
 */
export async function signStatement<P>(signer: Signer, kind: StatementKind<P>, predicate: P): Promise<Buffer> {
  const payload = statementPayload(kind.predicateType, kind.subjectOf(predicate), predicate);
  requireRole(signer.key, kind.roleOf(parseStatement(kind, payload)), kind.name);
  return signPayload(signer, payload);
}

/**
 * Verify the signature of a statement, and that the key's role may sign it, and read it.
 * @throws AirlockError signature-invalid for the signature, key or role; record-invalid for what was signed
 */
export function openStatement<P>(bytes: Uint8Array, keys: readonly PublicKey[], kind: StatementKind<P>): P {
  const { payload, key } = openPayload(bytes, keys);
  const predicate = parseStatement(kind, payload);
  requireRole(key, kind.roleOf(predicate), kind.name);
  return predicate;
}

/** The bytes that are signed: the same statement always gives the same ones. */
export function statementPayload(predicateType: string, subject: readonly Subject[], predicate: unknown): Buffer {
  return Buffer.from(canonicalJson({ _type: STATEMENT_TYPE, subject, predicateType, predicate }));
}

/** @throws AirlockError limit-exceeded */
export async function signPayload(signer: Signer, payload: Uint8Array): Promise<Buffer> {
  return signBundle(signer, PAYLOAD_TYPE, payload);
}

/** The signed bytes of a statement, and the key that signed them. @throws AirlockError signature-invalid */
export function openPayload(bytes: Uint8Array, keys: readonly PublicKey[]): { payload: Buffer; key: PublicKey } {
  const { payloadType, payload, key } = openBundle(bytes, keys);
  if (payloadType !== PAYLOAD_TYPE)
    throw new AirlockError('signature-invalid', `What was signed is ${printable(payloadType)}, not a statement.`);
  return { payload, key };
}

/** @throws AirlockError signature-invalid */
export function requireRole(key: PublicKey, role: KeyRole, what: string): void {
  if (key.role === role) return;
  const message = `The ${what} comes with the ${key.role} key, and only the ${role} key may sign it.`;
  throw new AirlockError('signature-invalid', message, { key: key.hint, expected: role, actual: key.role });
}

/** The frame of a statement v1 around a subject and a predicate. */
export function statementSchema<P, S>(predicateType: string, predicate: z.ZodType<P>, subject: z.ZodType<S>) {
  return z.strictObject({
    _type: z.literal(STATEMENT_TYPE),
    subject,
    predicateType: z.literal(predicateType),
    predicate,
  });
}

function parseStatement<P>(kind: StatementKind<P>, payload: Buffer): P {
  const json = readJson(payload, 'record-invalid', `The ${kind.name}`);
  // One spelling per statement: a member given twice would be read one way here and another way elsewhere.
  if (canonicalJson(json) !== payload.toString()) throw recordInvalid(kind.name, 'it is not canonical JSON');
  const parsed = statementSchema(kind.predicateType, kind.predicate, z.array(z.unknown())).safeParse(json);
  if (!parsed.success) throw recordInvalid(kind.name, issuesText(parsed.error));
  const { subject, predicate } = parsed.data;
  if (canonicalJson(subject) !== canonicalJson(kind.subjectOf(predicate)))
    throw recordInvalid(kind.name, 'its subject is not what its predicate names');
  return predicate;
}

export function recordInvalid(what: string, problem: string): AirlockError {
  return new AirlockError('record-invalid', `The ${what} is not valid: ${problem}.`);
}
