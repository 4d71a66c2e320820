// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AirlockError, messageOf } from '#src/domain/errors.ts';

/**
 * Who writes a chain: 16 hex digits in a file of the data folder, which one process holds at a time. Two data folders have
 * two names; a copy of one is found out when both write the same record.
 */
export interface WriterId {
  /** As the file has it; undefined where there is none. @throws AirlockError config-invalid for a file of other content */
  read(): Promise<string | undefined>;
  /** Durable when it resolves. */
  save(id: string): Promise<void>;
}

export function newWriterId(): string {
  return randomBytes(8).toString('hex');
}

export function writerIdFile(file: string): WriterId {
  return {
    read: async () => {
      const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw new AirlockError('config-invalid', `${file} can not be read: ${messageOf(error)}.`, {}, error);
      });
      if (text === undefined || /^[0-9a-f]{16}$/.test(text.trim())) return text?.trim();
      throw new AirlockError('config-invalid', `${file} holds no name of an audit chain. Remove it: a new one begins.`);
    },
    save: async (id) => {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      const handle = await open(`${file}.new`, 'w', 0o600);
      try {
        await handle.writeFile(`${id}\n`);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(`${file}.new`, file);
    },
  };
}
