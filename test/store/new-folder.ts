// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Folder, openFolder } from '#src/store/folder.ts';

/** A new, empty store in a temporary folder. */
export async function newFolder(): Promise<{ folder: Folder; cleanup: () => Promise<void> }> {
  const root = await mkdtemp(join(tmpdir(), 'airlock-store-'));
  const folder = await openFolder(root, { create: true });
  return { folder, cleanup: () => rm(root, { recursive: true, force: true }) };
}
