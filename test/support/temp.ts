// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** Called at the top of a test file: makes fresh folders, and removes them all when the file is done. */
export function useTemp(): (name: string) => Promise<string> {
  const made: string[] = [];
  afterAll(async () => {
    for (const folder of made) await rm(folder, { recursive: true, force: true });
  });
  return async (name) => {
    const folder = await mkdtemp(join(tmpdir(), `airlock-${name}-`));
    made.push(folder);
    return folder;
  };
}
