// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

export interface FoundFile {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  readonly bytes: Buffer;
}

/** Every file below a folder, whatever it is called; none where the folder is not there. */
export async function filesBelow(folder: string): Promise<FoundFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const found: FoundFile[] = [];
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    // A file may go away between the listing and the reading: the server is running.
    const bytes = await readFile(path).catch(() => undefined);
    if (!bytes) continue;
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    found.push({ path: relative(folder, path), size: bytes.length, sha256, bytes });
  }
  return found;
}
