// SPDX-License-Identifier: Apache-2.0
import { createECDH, createHash, createPrivateKey } from 'node:crypto';
import { type KeyRole, loadSigner, type Signer } from '#src/attest/signer.ts';

/** The P-256 private key that a name stands for, in PEM: the same in every run, and none is kept in the repository. */
export function testKeyPem(name: string): string {
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(createHash('sha256').update(name).digest());
  const point = ecdh.getPublicKey();
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    d: ecdh.getPrivateKey().toString('base64url'),
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33).toString('base64url'),
  };
  return createPrivateKey({ key: jwk, format: 'jwk' }).export({ type: 'pkcs8', format: 'pem' }).toString();
}

export function testSigner(role: KeyRole, name: string = role): Signer {
  return loadSigner(role, testKeyPem(name));
}

export const signers = { approval: testSigner('approval'), evidence: testSigner('evidence') };
export const keys = [signers.approval.key, signers.evidence.key];
