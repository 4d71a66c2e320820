// SPDX-License-Identifier: Apache-2.0
import { createHmac } from 'node:crypto';

/**
 * The three headers of Standard Webhooks. Two keys during a rotation are two signatures, and a receiver takes the one it
 * knows. `at`: of this try, so that a replay shows its age.
 */
export function webhookHeaders(
  id: string,
  at: Date,
  body: string,
  keys: readonly Uint8Array[],
): Readonly<Record<string, string>> {
  const timestamp = Math.floor(at.getTime() / 1000).toString();
  const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp };
  if (keys.length === 0) return headers;
  const signed = `${id}.${timestamp}.${body}`;
  const signatures = keys.map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
  return { ...headers, 'webhook-signature': signatures.join(' ') };
}
