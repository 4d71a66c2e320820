// SPDX-License-Identifier: Apache-2.0
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { AirlockError, messageOf } from '#src/domain/errors.ts';
import { makePath } from './folder.ts';
import { FolderLock } from './folder-lock.ts';

/**
 * Make the data folder where it is missing, and hold it until the returned function is called. Two mirrors on one data
 * folder would write one quarantine file: the second is refused at once.
 * @throws AirlockError config-invalid
 */
export async function takeDataFolder(folder: string): Promise<() => void> {
  await makePath(folder).catch((cause: unknown) => {
    throw new AirlockError('config-invalid', `AIRLOCK_DATA (data) is ${folder}: ${messageOf(cause)}.`, {}, cause);
  });
  const file = join(folder, 'mirror.lock');
  const { promise: done, resolve: release } = Promise.withResolvers<void>();
  const { promise: taken, resolve: take, reject: refuse } = Promise.withResolvers<void>();
  new FolderLock(file, { waitMs: 0 })
    .run(() => {
      take();
      return done;
    })
    .catch(async (cause: unknown) => refuse(await refusal(folder, file, cause)));
  await taken;
  return release;
}

async function refusal(folder: string, file: string, cause: unknown): Promise<AirlockError> {
  // The lock's own word for "somebody holds it"; all else is SQLite's.
  if (cause instanceof AirlockError) {
    const message = `Another mirror runs on the data folder ${folder}. Stop it, or set AIRLOCK_DATA.`;
    return new AirlockError('config-invalid', message, {}, cause);
  }
  // SQLite says "unable to open database file" whatever the reason; the file system knows it.
  const reason = await open(file, 'r+').then(
    (handle) => handle.close(),
    (error: unknown) => error,
  );
  const why = reason === undefined ? messageOf(cause) : messageOf(reason);
  return new AirlockError(
    'config-invalid',
    `AIRLOCK_DATA (data) is ${folder}: can not lock ${file}: ${why}.`,
    {},
    cause,
  );
}
