// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { bundleFromJSON } from '@sigstore/bundle';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { MAX_BUNDLE_BYTES, openBundle, preAuthEncoding, signBundle } from '#src/attest/envelope.ts';
import { bundleJson, refusal, tampered } from './bundles.ts';
import { keys, signers, testSigner } from './keys.ts';

const TYPE = 'application/vnd.example+json';
let good: Buffer;
beforeAll(async () => {
  good = await signBundle(signers.approval, TYPE, Buffer.from('{"a":1}'));
});

describe('signBundle', () => {
  it('writes the form that all three verifiers read: no keyid, no log entry, the hint beside the key', () => {
    const bundle = bundleJson(good);
    expect(bundle).toEqual({
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      verificationMaterial: { publicKey: { hint: signers.approval.key.hint }, tlogEntries: [] },
      dsseEnvelope: {
        payload: 'eyJhIjoxfQ==',
        payloadType: TYPE,
        signatures: [{ sig: expect.stringMatching(/^[A-Za-z0-9+/]+=*$/), keyid: '' }],
      },
    });
    expect(() => bundleFromJSON(bundle)).not.toThrow();
  });

  it('does not write what could not be opened again', async () => {
    const { code } = await refusal(() => signBundle(signers.approval, TYPE, Buffer.alloc(MAX_BUNDLE_BYTES * 0.75)));
    expect(code).toBe('limit-exceeded');
  });

  it('signs the pre-authentication encoding, lengths counted in bytes', () => {
    expect(preAuthEncoding('http://example.com/HelloWorld', Buffer.from('hello world')).toString()).toBe(
      'DSSEv1 29 http://example.com/HelloWorld 11 hello world',
    );
    expect(preAuthEncoding('é', Buffer.from('é')).toString()).toBe('DSSEv1 2 é 2 é');
  });
});

describe('openBundle', () => {
  it('hands out what was signed and the key that signed it', async () => {
    expect(openBundle(good, keys)).toEqual({
      payloadType: TYPE,
      payload: Buffer.from('{"a":1}'),
      key: signers.approval.key,
    });
    const other = await signBundle(signers.evidence, TYPE, Buffer.from([0, 255]));
    expect(openBundle(other, keys).key.role).toBe('evidence');
  });

  it('opens bundles of every key that is still known, so that keys can be rotated', async () => {
    const next = testSigner('approval', 'next approval');
    const newer = await signBundle(next, TYPE, Buffer.from('x'));
    expect(openBundle(newer, [...keys, next.key]).key).toEqual(next.key);
    expect(openBundle(good, [next.key, ...keys]).key).toEqual(signers.approval.key);
  });

  it.each([
    ['a payload with one bit flipped', (b) => (b.dsseEnvelope.payload = 'eyJhIjoyfQ=='), 'does not match'],
    ['another payload type', (b) => (b.dsseEnvelope.payloadType = `${TYPE}2`), 'does not match'],
    ['a signature of zeros', (b) => (sigOf(b).sig = Buffer.alloc(70).toString('base64')), 'does not match'],
    ['no signature', (b) => (b.dsseEnvelope.signatures = []), 'signatures'],
    ['two signatures', (b) => b.dsseEnvelope.signatures.push(sigOf(b)), 'signatures'],
    ['a keyid', (b) => (sigOf(b).keyid = 'k'), 'keyid'],
    ['an empty payload', (b) => (b.dsseEnvelope.payload = ''), 'payload'],
    ['base64 with a blank', (b) => (b.dsseEnvelope.payload = 'eyJhIjoxfQ== '), 'canonical base64'],
    ['base64 without padding', (b) => (b.dsseEnvelope.payload = 'eyJhIjoxfQ'), 'canonical base64'],
    ['a log entry', (b) => b.verificationMaterial.tlogEntries.push({}), 'tlogEntries'],
    ['another media type', (b) => (b.mediaType = b.mediaType.replace('0.3', '0.2')), 'mediaType'],
    ['an extra member', (b) => Object.assign(b, { extra: 1 }), 'extra'],
    ['an extra member in the envelope', (b) => Object.assign(b.dsseEnvelope, { extra: 1 }), 'extra'],
    ['a certificate too', (b) => Object.assign(b.verificationMaterial, { certificate: {} }), 'certificate'],
    ['a message signature too', (b) => Object.assign(b, { messageSignature: {} }), 'messageSignature'],
    ['an unknown key', (b) => (b.verificationMaterial.publicKey.hint = 'f'.repeat(64)), 'not among the 2 known keys'],
    ['the hint of the other key', (b) => (b.verificationMaterial.publicKey.hint = evidenceHint), 'does not match'],
    ['no hint', (b) => (b.verificationMaterial.publicKey.hint = ''), 'hint'],
  ] satisfies [string, (bundle: ReturnType<typeof bundleJson>) => unknown, string][])(
    'refuses %s',
    async (_, change, why) => {
      const { code, message } = await refusal(() => openBundle(tampered(good, change), keys));
      expect(code).toBe('signature-invalid');
      expect(message).toContain(why);
    },
  );

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['truncated JSON', Buffer.from('{"mediaType":')],
    ['null', Buffer.from('null')],
    ['an array', Buffer.from('[]')],
    ['noise', randomBytes(1000)],
    ['a bundle nested without end', Buffer.from('['.repeat(1_000_000))],
  ])('refuses %s as malformed', async (_, bytes) => {
    expect((await refusal(() => openBundle(bytes, keys))).code).toBe('signature-invalid');
  });

  it('refuses what is too large before reading it', async () => {
    const huge = Buffer.alloc(MAX_BUNDLE_BYTES + 1, 'x');
    const { code, message } = await refusal(() => openBundle(huge, keys));
    expect(code).toBe('signature-invalid');
    expect(message).toContain('16777217 bytes is over the limit');
  });

  it('refuses a right signature by a key that is not known, and everything when no key is', async () => {
    const stranger = await signBundle(testSigner('approval', 'stranger'), TYPE, Buffer.from('x'));
    expect((await refusal(() => openBundle(stranger, keys))).code).toBe('signature-invalid');
    expect((await refusal(() => openBundle(good, []))).code).toBe('signature-invalid');
  });

  it('refuses to work with one key in both roles', async () => {
    const both = [signers.approval.key, testSigner('evidence', 'approval').key];
    expect((await refusal(() => openBundle(good, both))).code).toBe('config-invalid');
  });

  it('quotes foreign text in a message without its control characters', async () => {
    const { message } = await refusal(() => openBundle(Buffer.from('{"\\u001b[31m\\n":1}'), keys));
    expect(message).toMatch(/^[\x20-\x7e]+$/);
  });

  it('never opens a bundle in which any one byte was changed into another meaning', () => {
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, bits) => {
        const bytes = Buffer.from(good);
        bytes[at] = (bytes[at] ?? 0) ^ bits;
        let opened: ReturnType<typeof openBundle>;
        try {
          opened = openBundle(bytes, keys);
        } catch {
          return;
        }
        expect(opened).toEqual(openBundle(good, keys));
      }),
      { numRuns: 500 },
    );
  });
});

const evidenceHint = signers.evidence.key.hint;

function sigOf(bundle: ReturnType<typeof bundleJson>) {
  const [signature] = bundle.dsseEnvelope.signatures;
  if (!signature) throw new Error('the bundle has no signature');
  return signature;
}
