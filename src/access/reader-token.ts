// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/**
 * A token of a reader: `hf_airlock`, 43 characters for 256 random bits, and 6 of CRC-32 over all before them. JavaScript
 * clients and llama.cpp take only `hf_` and letters and digits (hub-api 0, rule 10). The rest of the name tells people
 * and secret scanners whose it is, the check tells a token from a typing error without asking the index.
 */
export type ReaderToken = string & { readonly [brand]: true };
declare const brand: unique symbol;

const PREFIX = 'hf_airlock';
const SECRET_BYTES = 32;
const SECRET_LENGTH = 43;
const CHECK_LENGTH = 6;
const SHAPE = new RegExp(`^${PREFIX}[0-9A-Za-z]{${SECRET_LENGTH + CHECK_LENGTH}}$`);
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

export function mintReaderToken(random: (size: number) => Buffer = randomBytes): ReaderToken {
  const secret = BigInt(`0x${random(SECRET_BYTES).toString('hex')}`);
  const body = PREFIX + base62(secret, SECRET_LENGTH);
  return (body + check(body)) as ReaderToken;
}

/** Undefined for what this project never gave out: another service's token, or one that was copied badly. */
export function parseReaderToken(text: string | undefined): ReaderToken | undefined {
  if (text === undefined || !SHAPE.test(text)) return undefined;
  const body = text.slice(0, -CHECK_LENGTH);
  return text.endsWith(check(body)) ? (text as ReaderToken) : undefined;
}

function check(body: string): string {
  return base62(BigInt(crc32(body)), CHECK_LENGTH);
}

function base62(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest /= 62n) text = DIGITS.charAt(Number(rest % 62n)) + text;
  return text;
}
