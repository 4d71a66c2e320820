// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { type Sha256, sha256Of } from '#src/domain/digest.ts';
import { AirlockError, messageOf } from '#src/domain/errors.ts';

/**
 * What a key may say. `approval`: what belongs to an approved release, or is a person's yes. `evidence`: refusals and
 * withdrawals. They are two keys because some verifiers take any signature on a digest for an approval.
 */
export type KeyRole = 'approval' | 'evidence';

/** `pem` is the SPKI PEM as Node and OpenSSL write it (LF, trailing newline); `hint` is the sha256 of that text. */
export interface PublicKey {
  readonly role: KeyRole;
  readonly pem: string;
  readonly hint: Sha256;
}

/** Something that holds a private key: a file's key here, a key service elsewhere. */
export interface Signer {
  readonly key: PublicKey;
  /** ECDSA on P-256 with SHA-256 over `data`, DER encoded. May be called any number of times, also at the same time. */
  sign(data: Uint8Array): Promise<Buffer>;
}

/**
 * A signer for an unencrypted EC P-256 private key in PEM. No other kind: it is the only one that `model_signing`,
 * `cosign` and `@sigstore/verify` all accept.
 * @throws AirlockError config-invalid
 */
export function loadSigner(role: KeyRole, pem: string): Signer {
  const privateKey = parsePrivateKey(role, pem);
  const publicKey = createPublicKey(privateKey);
  requireP256(role, publicKey);
  return {
    key: describe(role, publicKey),
    sign: (data) =>
      new Promise((resolve, reject) => {
        sign('sha256', data, privateKey, (error, signature) => (error ? reject(error) : resolve(signature)));
      }),
  };
}

/**
 * A key that signatures are checked against. Only a bare public key is taken: Node would also derive one from a
 * private key or a certificate, and a private key has no business where only the public one is needed.
 * @throws AirlockError config-invalid
 */
export function loadPublicKey(role: KeyRole, pem: string): PublicKey {
  const labels = [...pem.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----/g)].map((match) => match[1]);
  if (labels.length !== 1 || labels[0] !== 'PUBLIC KEY') {
    const found = labels.length === 0 ? 'no PEM block' : labels.join(' and ');
    throw unusable(role, `one PEM block "PUBLIC KEY" is expected, and there is ${found}`);
  }
  const publicKey = parsePublicKey(role, pem);
  requireP256(role, publicKey);
  return describe(role, publicKey);
}

function parsePrivateKey(role: KeyRole, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw unusable(role, `it is not an unencrypted private key in PEM (${messageOf(error)})`);
  }
}

function parsePublicKey(role: KeyRole, pem: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch (error) {
    throw unusable(role, `its PEM can not be read (${messageOf(error)})`);
  }
}

/** How SPKI begins for a named P-256 curve and an uncompressed point: other verifiers refuse the other encodings. */
const P256_SPKI = '3059301306072a8648ce3d020106082a8648ce3d03010703420004';

function requireP256(role: KeyRole, publicKey: KeyObject): void {
  if (publicKey.export({ type: 'spki', format: 'der' }).toString('hex').startsWith(P256_SPKI)) return;
  const curve = publicKey.asymmetricKeyDetails?.namedCurve;
  const found = curve === 'prime256v1' ? 'P-256 in an unusual encoding' : (curve ?? publicKey.asymmetricKeyType);
  throw unusable(role, `it is ${found}, and EC P-256 with a named curve is expected`);
}

function describe(role: KeyRole, publicKey: KeyObject): PublicKey {
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return { role, pem, hint: sha256Of(pem) };
}

function unusable(role: KeyRole, problem: string): AirlockError {
  const make = 'Make one with: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256';
  return new AirlockError('config-invalid', `The ${role} key can not be used: ${problem}. ${make}`, { role });
}
