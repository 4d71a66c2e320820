// SPDX-License-Identifier: Apache-2.0

const PREFIX = 'whsec_';
const MIN_BYTES = 24;
const MAX_BYTES = 64;

/**
 * The keys of a variable: `whsec_<base64>` of 24 to 64 bytes, as Standard Webhooks has it, or two of these with a comma
 * between them. Undefined where it is anything else.
 */
export function webhookKeys(text: string): readonly Uint8Array[] | undefined {
  const keys = text.split(',').map(keyOf);
  return keys.length <= 2 && keys.every((key) => key !== undefined) ? keys : undefined;
}

function keyOf(secret: string): Uint8Array | undefined {
  const encoded = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : '';
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return undefined;
  const key = Buffer.from(encoded, 'base64');
  return key.length >= MIN_BYTES && key.length <= MAX_BYTES ? key : undefined;
}
