// SPDX-License-Identifier: Apache-2.0
import { AirlockError } from '#src/domain/errors.ts';

/** A longer one is none of ours. */
const MAX_LENGTH = 4096;

/**
 * The place at which a page ended. `scope` is what the page was of: a cursor says nothing in another list. It is not
 * secret and not signed, because it can point at nothing that its list would not show.
 */
export function encodeCursor(scope: readonly string[], place: readonly string[]): string {
  return Buffer.from(JSON.stringify([...scope, ...place])).toString('base64url');
}

/** The place. @throws AirlockError bad-request for what {@link encodeCursor} did not make for this scope */
export function decodeCursor(cursor: string, scope: readonly string[], length: number): readonly string[] {
  const parts = partsOf(cursor);
  const right =
    parts?.length === scope.length + length && scope.every((part, i) => part === parts[i]) ? parts : undefined;
  if (!right)
    throw new AirlockError('bad-request', 'The cursor belongs to no page of this list. Begin again without it.');
  return right.slice(scope.length);
}

function partsOf(cursor: string): string[] | undefined {
  if (cursor.length > MAX_LENGTH || !/^[A-Za-z0-9_-]+$/.test(cursor)) return undefined;
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return Array.isArray(parts) && parts.every((part) => typeof part === 'string') ? parts : undefined;
  } catch {
    return undefined;
  }
}
