// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { EvaluationSigner } from '#src/domain/evaluation.ts';

export interface TestSigner {
  readonly signer: EvaluationSigner;
  readonly privateKey: KeyObject;
}

const TYPE = 'application/vnd.in-toto+json';

export function newSigner(name: string, type: 'ec' | 'ed25519' = 'ec'): TestSigner {
  const pair = type === 'ec' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
  const key = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return { signer: { name, key }, privateKey: pair.privateKey };
}

export function statementOf(subjects: readonly string[], predicate: object): object {
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: subjects.map((sha256) => ({ name: 'file', digest: { sha256 } })),
    predicateType: 'https://hub-airlock.dev/attestation/evaluation/v1',
    predicate,
  };
}

export function evaluationOf(subjects: readonly string[], evaluatedAt = '2026-01-01T00:00:00Z', score = 0.9): object {
  return statementOf(subjects, { kind: 'safety', evaluatedAt, metrics: { score } });
}

export function testResultOf(subjects: readonly string[], result: string, failedTests: readonly string[]): object {
  const predicateType = 'https://in-toto.io/attestation/test-result/v0.1';
  return { ...statementOf(subjects, { result, failedTests }), predicateType };
}

/** A DSSE envelope, written as its specification says and not with the code under test. */
export function signedBy({ privateKey }: TestSigner, statement: object): Buffer {
  const payload = Buffer.from(JSON.stringify(statement));
  const data = Buffer.concat([Buffer.from(`DSSEv1 ${TYPE.length} ${TYPE} ${payload.length} `), payload]);
  const sig = sign(privateKey.asymmetricKeyType === 'ed25519' ? null : 'sha256', data, privateKey);
  const signatures = [{ keyid: 'any', sig: sig.toString('base64') }];
  return Buffer.from(JSON.stringify({ payloadType: TYPE, payload: payload.toString('base64'), signatures }));
}
