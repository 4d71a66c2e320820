// SPDX-License-Identifier: Apache-2.0
import { AirlockError, messageOf } from '#src/domain/errors.ts';

/**
 * JSON with one spelling per value, after RFC 8785: members sorted by name, no white space, numbers as JavaScript
 * writes them. Members that are undefined are left out.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) return canonicalObject(value);
  const text = JSON.stringify(value);
  if (text === undefined) throw new TypeError(`${typeof value} has no JSON form`);
  return text;
}

function canonicalObject(value: object): string {
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
}

/** @throws AirlockError with `code` where the bytes are not UTF-8 or not JSON */
export function readJson(bytes: Uint8Array, code: 'signature-invalid' | 'record-invalid', what: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    throw new AirlockError(code, `${what} is not JSON: ${messageOf(error)}`);
  }
}
