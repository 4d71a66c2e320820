// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadPublicKey, loadSigner } from '#src/attest/signer.ts';
import { refusal } from './bundles.ts';
import { signers, testKeyPem } from './keys.ts';
import { signerContract } from './signer-contract.ts';

describe('a signer from PEM', () => signerContract(async () => loadSigner('approval', testKeyPem('contract'))));

const pkcs8 = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const spki = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();
const p384 = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
const k256 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
const ed25519 = generateKeyPairSync('ed25519');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const p256 = createPrivateKey(testKeyPem('approval'));
const encrypted = p256.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' }).toString();
const explicit = generateKeyPairSync('ec', { namedCurve: 'prime256v1', paramEncoding: 'explicit' });

describe('loadSigner', () => {
  it('reads both PEM forms of a P-256 key', () => {
    const sec1 = p256.export({ type: 'sec1', format: 'pem' }).toString();
    expect(loadSigner('approval', sec1).key).toEqual(signers.approval.key);
    expect(loadSigner('approval', pkcs8(p256)).key).toEqual(signers.approval.key);
  });

  it.each([
    ['P-384', pkcs8(p384.privateKey), 'it is secp384r1'],
    ['secp256k1', pkcs8(k256.privateKey), 'it is secp256k1'],
    ['Ed25519', pkcs8(ed25519.privateKey), 'ed25519'],
    ['RSA', pkcs8(rsa.privateKey), 'rsa'],
    ['P-256 spelled out as explicit parameters', pkcs8(explicit.privateKey), 'unusual encoding'],
    ['a public key', signers.approval.key.pem, 'not an unencrypted private key'],
    ['an encrypted key', encrypted, 'not an unencrypted private key'],
    ['an empty text', '', 'not an unencrypted private key'],
    ['half a key', testKeyPem('approval').slice(0, 80), 'not an unencrypted private key'],
  ])('refuses %s', async (_, pem, why) => {
    const { code, message } = await refusal(() => loadSigner('evidence', pem));
    expect(code).toBe('config-invalid');
    expect(message).toContain(`The evidence key can not be used`);
    expect(message).toContain(why);
    expect(message).toContain('openssl genpkey');
  });
});

describe('loadPublicKey', () => {
  it('gives the same key and hint whatever the line ends', () => {
    const windows = signers.approval.key.pem.replaceAll('\n', '\r\n');
    expect(loadPublicKey('approval', windows)).toEqual(signers.approval.key);
  });

  it.each([
    ['a private key', testKeyPem('approval'), 'PRIVATE KEY'],
    ['two keys', signers.approval.key.pem + signers.evidence.key.pem, 'PUBLIC KEY and PUBLIC KEY'],
    ['a certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', 'CERTIFICATE'],
    ['no PEM', 'key', 'no PEM block'],
    ['broken base64', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n', 'can not be read'],
    ['P-384', readFileSync('test/fixtures/vectors/oms/keys/signing-key-pub.pem', 'utf8'), 'it is secp384r1'],
    ['Ed25519', spki(ed25519.publicKey), 'ed25519'],
  ])('refuses %s', async (_, pem, why) => {
    const { code, message } = await refusal(() => loadPublicKey('approval', pem));
    expect(code).toBe('config-invalid');
    expect(message).toContain(why);
  });
});
