// SPDX-License-Identifier: Apache-2.0
import { hostname, userInfo } from 'node:os';
import { InvalidArgumentError } from 'commander';
import { parseReaderToken } from '#src/access/reader-token.ts';

/** What the records call the mirror itself is no person's name. */
export function parsePerson(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('Give a name.');
  if (text.trim().toLowerCase() === 'policy') throw new InvalidArgumentError('"policy" is reserved: name a person.');
  return text;
}

export function parseReason(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('Give a reason.');
  return text;
}

/**
 * For the shared administrative token; a personal one signs in its owner's name, and no other. A container's user need
 * not have a name.
 */
export function whoami(env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (isPersonal(env.AIRLOCK_ADMIN_TOKEN)) return undefined;
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}@${hostname()}`;
  }
}

/** A token of the mirror, or a JWT of an issuer that it trusts. */
function isPersonal(token: string | undefined): boolean {
  return parseReaderToken(token) !== undefined || /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token ?? '');
}
