// SPDX-License-Identifier: Apache-2.0
import { hostname, userInfo } from 'node:os';
import { InvalidArgumentError } from 'commander';

/** What the records call the mirror itself is no person's name. */
export function parsePerson(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('Give a name.');
  if (text.trim().toLowerCase() === 'policy') throw new InvalidArgumentError('"policy" is reserved: name a person.');
  return text;
}

/** A container's user need not have a name. */
export function whoami(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}@${hostname()}`;
  }
}
