// SPDX-License-Identifier: Apache-2.0
import { createHash, createPublicKey, verify } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Signer } from '#src/attest/signer.ts';

/** What every signing method promises, whoever holds the private key. */
export function signerContract(make: () => Promise<Signer>): void {
  it('signs with ECDSA P-256 and SHA-256, DER encoded, under the key that it names', async () => {
    const signer = await make();
    const key = createPublicKey(signer.key.pem);
    expect(key.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    const data = Buffer.from('what is signed');
    const signature = await signer.sign(data);
    expect(verify('sha256', data, { key, dsaEncoding: 'der' }, signature)).toBe(true);
    expect(verify('sha256', Buffer.from('what is not'), { key, dsaEncoding: 'der' }, signature)).toBe(false);
  });

  it('names its key as OpenSSF Model Signing does: hex sha256 of the SPKI PEM text', async () => {
    const { key } = await make();
    expect(key.pem).toMatch(/^-----BEGIN PUBLIC KEY-----\n[A-Za-z0-9+/=\n]+\n-----END PUBLIC KEY-----\n$/);
    expect(key.pem).toBe(createPublicKey(key.pem).export({ type: 'spki', format: 'pem' }));
    expect(key.hint).toBe(createHash('sha256').update(key.pem).digest('hex'));
  });

  it('signs any number of things at the same time', async () => {
    const signer = await make();
    const key = createPublicKey(signer.key.pem);
    const all = Array.from({ length: 20 }, (_, i) => Buffer.from(`message ${i}`));
    const signatures = await Promise.all(all.map((data) => signer.sign(data)));
    expect(all.map((data, i) => verify('sha256', data, key, signatures[i] ?? Buffer.alloc(0)))).toEqual(
      all.map(() => true),
    );
  });
}
