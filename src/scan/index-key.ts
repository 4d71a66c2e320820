// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AirlockError } from '#src/domain/errors.ts';

const KEY_BYTES = 32;

/**
 * Read the key that seals remembered facts and tokens in the index, or make it: 256 random bits, readable by its owner
 * alone. Without it every file is read once more, and tokens are given out anew.
 * @throws AirlockError config-invalid when the file is no such key
 */
export async function readOrCreateIndexKey(path: string): Promise<Uint8Array> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  try {
    const file = await open(path, 'wx', 0o600);
    const key = randomBytes(KEY_BYTES);
    await file.writeFile(key).finally(() => file.close());
    return key;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    const key = await readFile(path);
    // A crash between the two lines above leaves an empty file; a key that all know would seal nothing.
    if (key.length === KEY_BYTES) return key;
    const problem = `The index key ${path} has ${key.length} bytes instead of ${KEY_BYTES}.`;
    throw new AirlockError(
      'config-invalid',
      `${problem} Remove it: files are then scanned once more, and tokens are given out anew.`,
      { path },
    );
  }
}
