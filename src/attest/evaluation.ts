// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import * as z from 'zod';
import { AirlockError } from '#src/domain/errors.ts';
import type { EvaluationSigner } from '#src/domain/evaluation.ts';
import { readJson } from './canonical-json.ts';
import { preAuthEncoding } from './envelope.ts';
import { issuesText, sha256Field } from './fields.ts';

/** An evaluation with numbers. Who has none may use in-toto's test result, whose kind is then `test-result`. */
const EVALUATION_TYPE = 'https://hub-airlock.dev/attestation/evaluation/v1';
const TEST_RESULT_TYPE = 'https://in-toto.io/attestation/test-result/v0.1';

const MAX_EVALUATION_BYTES = 2 ** 20;
const MAX_SUBJECTS = 20_000;
const MAX_METRICS = 100;

/** What a document says, once a signature of it is verified. */
export interface Evaluation {
  /** The signers whose keys verify; at least one. */
  readonly signers: readonly string[];
  readonly kind: string;
  readonly evaluatedAt?: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly subjects: readonly string[];
}

const word = z.string().regex(/^[A-Za-z0-9][\w.:/-]{0,99}$/, 'letters, digits, ".", "_", ":", "/" and "-"');

/** DSSE v1: base64 of either alphabet is allowed there; the usual one is what every signer writes. */
const envelopeSchema = z.object({
  payloadType: z.literal('application/vnd.in-toto+json'),
  payload: z.base64(),
  signatures: z
    .array(z.object({ sig: z.base64(), keyid: z.string().optional() }))
    .min(1)
    .max(8),
});

const subjects = z
  .array(z.object({ digest: z.object({ sha256: sha256Field }) }))
  .min(1)
  .max(MAX_SUBJECTS);

const statementSchema = z.discriminatedUnion('predicateType', [
  z.object({
    _type: z.literal('https://in-toto.io/Statement/v1'),
    subject: subjects,
    predicateType: z.literal(EVALUATION_TYPE),
    predicate: z.object({
      kind: word,
      evaluatedAt: z.iso.datetime(),
      metrics: z.record(word, z.number()).refine((metrics) => Object.keys(metrics).length <= MAX_METRICS),
    }),
  }),
  z.object({
    _type: z.literal('https://in-toto.io/Statement/v1'),
    subject: subjects,
    predicateType: z.literal(TEST_RESULT_TYPE),
    predicate: z.object({
      result: z.enum(['PASSED', 'WARNED', 'FAILED']),
      passedTests: z.array(z.string()).optional(),
      warnedTests: z.array(z.string()).optional(),
      failedTests: z.array(z.string()).optional(),
    }),
  }),
]);

/**
 * Verify a DSSE envelope with an in-toto statement v1 in it, and read it. The signature first: what nobody signed is not
 * parsed further than its frame.
 * @throws AirlockError signature-invalid where no configured signer signed it; record-invalid for what was signed
 */
export function openEvaluation(bytes: Uint8Array, signers: readonly EvaluationSigner[]): Evaluation {
  if (bytes.length > MAX_EVALUATION_BYTES)
    throw invalid('signature-invalid', `it has ${bytes.length} bytes, and ${MAX_EVALUATION_BYTES} are allowed`);
  const envelope = envelopeSchema.safeParse(readJson(bytes, 'signature-invalid', 'The evaluation'));
  if (!envelope.success) throw invalid('signature-invalid', `it is no DSSE envelope: ${issuesText(envelope.error)}`);
  const { payloadType, signatures } = envelope.data;
  const payload = Buffer.from(envelope.data.payload, 'base64');
  const signed = preAuthEncoding(payloadType, payload);
  const sigs = signatures.map(({ sig }) => Buffer.from(sig, 'base64'));
  const names = signers.filter(({ key }) => sigs.some((sig) => isSignature(sig, signed, createPublicKey(key))));
  if (names.length === 0) throw invalid('signature-invalid', 'none of the configured signers signed it');
  return { signers: names.map(({ name }) => name), ...contentOf(payload) };
}

function contentOf(payload: Buffer): Omit<Evaluation, 'signers'> {
  const parsed = statementSchema.safeParse(readJson(payload, 'record-invalid', 'The evaluation'));
  if (!parsed.success) throw invalid('record-invalid', issuesText(parsed.error));
  const { subject, predicateType, predicate } = parsed.data;
  const about = { subjects: subject.map(({ digest }) => digest.sha256) };
  if (predicateType === EVALUATION_TYPE) return { ...about, ...predicate };
  const { result, passedTests = [], warnedTests = [], failedTests = [] } = predicate;
  const metrics = {
    passed: result === 'PASSED' ? 1 : 0,
    passedTests: passedTests.length,
    warnedTests: warnedTests.length,
    failedTests: failedTests.length,
  };
  return { ...about, kind: 'test-result', metrics };
}

/** ECDSA over SHA-256 in DER, or Ed25519: what kind of key it is decides, never the document. */
function isSignature(signature: Buffer, data: Buffer, key: KeyObject): boolean {
  const digest = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  return verify(digest, data, key, signature);
}

function invalid(code: 'signature-invalid' | 'record-invalid', problem: string): AirlockError {
  return new AirlockError(code, `The evaluation is not valid: ${problem}.`);
}
