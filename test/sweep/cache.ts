// SPDX-License-Identifier: Apache-2.0
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { gitOidOf, sha256Of } from '#src/domain/digest.ts';

/** One file of a cached repo, as huggingface_hub lays it out. `lfs`: the blob is named by its sha256. `copied`: without links. */
export async function cacheFile(
  hub: string,
  repo: string,
  commit: string,
  path: string,
  bytes: string,
  { lfs = false, copied = false } = {},
): Promise<{ blob: string; link: string }> {
  const folder = join(hub, `models--${repo.replace('/', '--')}`);
  const blob = join(folder, 'blobs', lfs ? sha256Of(bytes) : gitOidOf(Buffer.from(bytes)));
  const link = join(folder, 'snapshots', commit, path);
  await mkdir(dirname(blob), { recursive: true });
  await mkdir(dirname(link), { recursive: true });
  await writeFile(copied ? link : blob, bytes);
  if (!copied) await symlink(relative(dirname(link), blob), link);
  return { blob, link };
}

/** A file that `hf download --local-dir` brought. */
export async function localFile(folder: string, commit: string, path: string, bytes: string, etag: string) {
  const file = join(folder, path);
  const note = join(folder, '.cache/huggingface/download', `${path}.metadata`);
  await mkdir(dirname(file), { recursive: true });
  await mkdir(dirname(note), { recursive: true });
  await writeFile(file, bytes);
  await writeFile(note, `${commit}\n${etag}\n${Date.now() / 1000}\n`);
  return { file, note };
}
