// SPDX-License-Identifier: Apache-2.0
import { createPublicKey } from 'node:crypto';
import { BUNDLE_V03_MEDIA_TYPE, type Bundle, bundleFromJSON, isBundleWithDsseEnvelope } from '@sigstore/bundle';
import { toSignedEntity, Verifier } from '@sigstore/verify';
import { z } from 'zod';
import { AirlockError, messageOf } from '#src/domain/errors.ts';
import { printable } from '#src/domain/repo.ts';
import { readJson } from './canonical-json.ts';
import { issuesText } from './fields.ts';
import type { PublicKey, Signer } from './signer.ts';

/** What a record may hold. A bundle that could not be opened again is not written either. */
export const MAX_BUNDLE_BYTES = 16 * 1024 * 1024;

/** What a verified bundle says, and which of the known keys said it. */
export interface OpenedBundle {
  readonly payloadType: string;
  readonly payload: Buffer;
  readonly key: PublicKey;
}

/**
 * Only the one form that {@link signBundle} writes is read: a key signature, no certificate, no log entry, no second
 * signature. The `keyid` stays empty, because cosign takes a filled one for the name of a key it does not know.
 */
const bundleSchema = z.strictObject({
  mediaType: z.literal(BUNDLE_V03_MEDIA_TYPE),
  verificationMaterial: z.strictObject({
    publicKey: z.strictObject({ hint: z.string().regex(/^[0-9a-f]{64}$/) }),
    tlogEntries: z.array(z.never()),
  }),
  dsseEnvelope: z.strictObject({
    payload: base64(),
    payloadType: z.string().min(1).max(255),
    signatures: z.tuple([z.strictObject({ sig: base64(), keyid: z.literal('') })]),
  }),
});

/**
 * Sign a payload: the JSON bytes of a Sigstore bundle v0.3 around a DSSE envelope.
 * @throws AirlockError limit-exceeded
 */
export async function signBundle(signer: Signer, payloadType: string, payload: Uint8Array): Promise<Buffer> {
  const sig = await signer.sign(preAuthEncoding(payloadType, payload));
  const bundle: z.infer<typeof bundleSchema> = {
    mediaType: BUNDLE_V03_MEDIA_TYPE,
    verificationMaterial: { publicKey: { hint: signer.key.hint }, tlogEntries: [] },
    dsseEnvelope: {
      payload: Buffer.from(payload).toString('base64'),
      payloadType,
      signatures: [{ sig: sig.toString('base64'), keyid: '' }],
    },
  };
  const bytes = Buffer.from(JSON.stringify(bundle));
  if (bytes.length > MAX_BUNDLE_BYTES) throw tooLarge('limit-exceeded', bytes.length);
  return bytes;
}

/**
 * Check the size, the shape, the key and the signature, in this order, and hand out the signed payload.
 * @throws AirlockError signature-invalid
 */
export function openBundle(bytes: Uint8Array, keys: readonly PublicKey[]): OpenedBundle {
  if (bytes.length > MAX_BUNDLE_BYTES) throw tooLarge('signature-invalid', bytes.length);
  const bundle = parseBundle(bytes);
  const key = findKey(bundle.verificationMaterial.content.publicKey.hint, keys);
  verifySignature(bundle, key);
  const { payloadType, payload } = bundle.content.dsseEnvelope;
  return { payloadType, payload, key };
}

/** DSSE v1 pre-authentication encoding: lengths in bytes, so that no two (type, payload) pairs encode alike. */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

function parseBundle(bytes: Uint8Array) {
  const json = readJson(bytes, 'signature-invalid', 'The signature bundle');
  const shape = bundleSchema.safeParse(json);
  if (!shape.success) throw invalid(`the bundle is malformed: ${issuesText(shape.error)}`);
  const bundle: Bundle = bundleFromJSON(shape.data);
  if (!isBundleWithDsseEnvelope(bundle) || bundle.verificationMaterial.content.$case !== 'publicKey')
    throw invalid('the bundle is malformed: it is not a key signature over a DSSE envelope');
  const { content } = bundle.verificationMaterial;
  return { ...bundle, verificationMaterial: { ...bundle.verificationMaterial, content } };
}

function findKey(hint: string, keys: readonly PublicKey[]): PublicKey {
  const found = keys.filter((key) => key.hint === hint);
  const [key] = found;
  if (!key)
    throw invalid(`it was made with key ${hint}, which is not among the ${keys.length} known keys`, { key: hint });
  // One key in two roles would make a refusal readable as an approval: the two must be told apart by key alone.
  if (found.some((other) => other.role !== key.role))
    throw new AirlockError('config-invalid', `Key ${hint} is configured in two roles; each role needs its own key.`);
  return key;
}

function verifySignature(bundle: Bundle, key: PublicKey): void {
  const publicKey = createPublicKey(key.pem);
  const trust = {
    certificateAuthorities: [],
    timestampAuthorities: [],
    tlogs: [],
    ctlogs: [],
    publicKey: () => ({ publicKey, validFor: () => true }),
  };
  try {
    new Verifier(trust, { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 }).verify(toSignedEntity(bundle));
  } catch (error) {
    throw invalid(`it does not match the payload and the ${key.role} key (${messageOf(error)})`, { key: key.hint });
  }
}

/** Base64 in its one canonical spelling: what Node would silently skip or repair is refused. */
function base64() {
  return z
    .string()
    .min(1)
    .refine((text) => Buffer.from(text, 'base64').toString('base64') === text, 'it is not canonical base64');
}

function tooLarge(code: 'signature-invalid' | 'limit-exceeded', size: number): AirlockError {
  const message = `A signature bundle of ${size} bytes is over the limit of ${MAX_BUNDLE_BYTES} bytes.`;
  return new AirlockError(code, message, { limit: MAX_BUNDLE_BYTES, actual: size });
}

function invalid(problem: string, subject: { key?: string } = {}): AirlockError {
  const key = subject.key === undefined ? {} : { key: printable(subject.key) };
  return new AirlockError('signature-invalid', `The signature is not valid: ${problem}.`, key);
}
