// SPDX-License-Identifier: Apache-2.0
import { canonicalJson } from '#src/attest/canonical-json.ts';
import { signBundle } from '#src/attest/envelope.ts';
import type { Signer } from '#src/attest/signer.ts';
import { isAirlockError } from '#src/domain/errors.ts';

export const STATEMENT_PAYLOAD = 'application/vnd.in-toto+json';

interface BundleJson {
  mediaType: string;
  verificationMaterial: { publicKey: { hint: string }; tlogEntries: unknown[] };
  dsseEnvelope: { payload: string; payloadType: string; signatures: { sig: string; keyid: string }[] };
}

export function bundleJson(bytes: Uint8Array): BundleJson {
  return JSON.parse(Buffer.from(bytes).toString());
}

export function payloadOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bundleJson(bytes).dsseEnvelope.payload, 'base64');
}

/** The bundle after `change` had its way with it; the signature stays as it was. */
export function tampered(bytes: Uint8Array, change: (bundle: BundleJson) => void): Buffer {
  const bundle = bundleJson(bytes);
  change(bundle);
  return Buffer.from(JSON.stringify(bundle));
}

/** A good signature over a payload that `change` had its way with: what a holder of the key could write. */
export async function resigned(
  signer: Signer,
  bytes: Uint8Array,
  // biome-ignore lint/suspicious/noExplicitAny: tests reach into statements on purpose to break them
  change: (statement: any) => void,
): Promise<Buffer> {
  const statement = JSON.parse(payloadOf(bytes).toString());
  change(statement);
  return signBundle(signer, STATEMENT_PAYLOAD, Buffer.from(canonicalJson(statement)));
}

/** The code and message of the AirlockError that `run` throws. Anything else is the test's failure. */
export async function refusal(run: () => unknown): Promise<{ code: string; message: string }> {
  try {
    await run();
  } catch (error) {
    if (isAirlockError(error)) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('nothing was refused');
}
