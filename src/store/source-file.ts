// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Sha256 } from '#src/domain/digest.ts';
import { AirlockError } from '#src/domain/errors.ts';

export const MIB = 1024 * 1024;

/**
 * Open a local file that is to become a blob. Symbolic links, pipes and devices are refused: what is stored has to be
 * the file that was scanned, not what a name points to a moment later.
 * @throws AirlockError digest-mismatch when its size is not `size`
 */
export async function openSource(file: string, sha256: Sha256, size: number): Promise<FileHandle> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new AirlockError('store-unavailable', `${file} is not a regular file.`, { path: file });
    if (stat.size !== size) throw mismatch(sha256, `${size} bytes`, `${stat.size} bytes`);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * Read `handle` to its end in 1 MiB pieces and hand each to `take`. The piece is only valid until `take` settles.
 * @throws AirlockError digest-mismatch when the bytes are not `sha256`
 */
export async function readVerified(
  handle: FileHandle,
  sha256: Sha256,
  take?: (chunk: Buffer) => Promise<void> | void,
): Promise<void> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(MIB);
  let position = 0;
  for (;;) {
    // An explicit position: the same handle may be read again afterwards.
    const { bytesRead } = await handle.read(buffer, 0, MIB, position);
    if (bytesRead === 0) break;
    const chunk = buffer.subarray(0, bytesRead);
    hash.update(chunk);
    await take?.(chunk);
    position += bytesRead;
  }
  const actual = hash.digest('hex');
  if (actual !== sha256) throw mismatch(sha256, sha256, actual);
}

function mismatch(sha256: Sha256, expected: string, actual: string): AirlockError {
  const message = `A file that should be blob ${sha256} is not: expected ${expected}, found ${actual}. Nothing was stored.`;
  return new AirlockError('digest-mismatch', message, { sha256, expected, actual });
}
