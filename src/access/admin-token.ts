// SPDX-License-Identifier: Apache-2.0
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { AirlockError } from '#src/domain/errors.ts';
import { bearerToken } from './bearer.ts';

/** Checks a bearer token against the one administrative token, in constant time. */
export type AdminCheck = (authorization: string | undefined) => boolean;

/** Without a token nobody is an administrator. */
export function adminCheck(token: string | undefined): AdminCheck {
  if (token === undefined) return () => false;
  const expected = digest(token);
  return (authorization) => {
    const given = bearerToken(authorization);
    return given !== undefined && timingSafeEqual(digest(given), expected);
  };
}

/**
 * Read the token file of the embedded default, or make it: 256 random bits, readable by its owner alone.
 * @throws AirlockError config-invalid when the file is empty
 */
export async function readOrCreateToken(path: string): Promise<{ token: string; created: boolean }> {
  try {
    const file = await open(path, 'wx', 0o600);
    const token = `airlock_${randomBytes(32).toString('base64url')}`;
    await file.writeFile(`${token}\n`).finally(() => file.close());
    return { token, created: true };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    const token = (await readFile(path, 'utf8')).trim();
    // A crash between the two lines above leaves this: without a word, nobody could approve anything.
    if (token === '') throw new AirlockError('config-invalid', `The token file ${path} is empty. Remove it.`, { path });
    return { token, created: false };
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
