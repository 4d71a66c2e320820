// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { openEvaluation } from '#src/attest/evaluation.ts';
import { isAirlockError } from '#src/domain/errors.ts';
import { evaluationOf, newSigner, signedBy, statementOf, testResultOf } from '#test/support/evaluations.ts';

const ecdsa = newSigner('ec-team');
const ed25519 = newSigner('ed-team', 'ed25519');
const stranger = newSigner('stranger');
const SHA = 'a'.repeat(64);
const KNOWN = [ecdsa.signer, ed25519.signer];
const document = signedBy(ecdsa, evaluationOf([SHA]));

describe('a signed evaluation', () => {
  test.each([ecdsa, ed25519])('is read where a configured signer signed it: %o', (key) => {
    expect(openEvaluation(signedBy(key, evaluationOf([SHA])), KNOWN)).toEqual({
      signers: [key.signer.name],
      kind: 'safety',
      evaluatedAt: '2026-01-01T00:00:00Z',
      metrics: { score: 0.9 },
      subjects: [SHA],
    });
  });

  test('may be a test result of in-toto, which has no time', () => {
    const opened = openEvaluation(signedBy(ecdsa, testResultOf([SHA], 'WARNED', ['a', 'b'])), KNOWN);
    expect(opened).toMatchObject({ kind: 'test-result', metrics: { passed: 0, failedTests: 2 } });
    expect(opened.evaluatedAt).toBeUndefined();
  });

  test('tells everybody who signed it', () => {
    const both = JSON.parse(document.toString());
    both.signatures.push(...JSON.parse(signedBy(ed25519, evaluationOf([SHA])).toString()).signatures);
    expect(openEvaluation(Buffer.from(JSON.stringify(both)), KNOWN).signers).toEqual(['ec-team', 'ed-team']);
  });
});

const changed = (fields: object) => Buffer.from(JSON.stringify({ ...JSON.parse(document.toString()), ...fields }));

describe('what is no evaluation is refused', () => {
  test.each<[string, Buffer, string]>([
    ['a stranger signed it', signedBy(stranger, evaluationOf([SHA])), 'signature-invalid'],
    [
      'another payload',
      changed({ payload: Buffer.from(JSON.stringify(evaluationOf(['b'.repeat(64)]))).toString('base64') }),
      'signature-invalid',
    ],
    ['another type of payload', changed({ payloadType: 'application/json' }), 'signature-invalid'],
    ['no signature', changed({ signatures: [] }), 'signature-invalid'],
    ['a broken signature', changed({ signatures: [{ sig: 'AAAA' }] }), 'signature-invalid'],
    ['no JSON', Buffer.from('{'), 'signature-invalid'],
    ['too long', Buffer.alloc(2 ** 20 + 1, ' '), 'signature-invalid'],
    [
      'another predicate',
      signedBy(ecdsa, { ...evaluationOf([SHA]), predicateType: 'https://x.example' }),
      'record-invalid',
    ],
    ['no subject', signedBy(ecdsa, evaluationOf([])), 'record-invalid'],
    ['a subject without a sha256', signedBy(ecdsa, evaluationOf(['short'])), 'record-invalid'],
    [
      'a metric that is no number',
      signedBy(ecdsa, statementOf([SHA], { kind: 'x', evaluatedAt: '2026-01-01T00:00:00Z', metrics: { score: '1' } })),
      'record-invalid',
    ],
    [
      'a time that is none',
      signedBy(ecdsa, statementOf([SHA], { kind: 'x', evaluatedAt: 'today', metrics: {} })),
      'record-invalid',
    ],
  ])('%s', (_, bytes, code) => {
    let thrown: unknown;
    try {
      openEvaluation(bytes, KNOWN);
    } catch (error) {
      thrown = error;
    }
    expect(isAirlockError(thrown) && thrown.code).toBe(code);
  });

  test('where nobody is configured', () => {
    expect(() => openEvaluation(document, [])).toThrow('none of the configured signers signed it');
  });
});
