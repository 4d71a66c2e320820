// SPDX-License-Identifier: Apache-2.0
import { join, sep } from 'node:path';
import { repoPathProblem } from '#src/domain/path.ts';
import type { Found, Matcher } from './found.ts';

/*
 * What `hf download --local-dir` leaves beside the files:
 *
 *   <folder>/<path>                                              the file
 *   <folder>/.cache/huggingface/download/<path>.metadata         three lines: commit, etag, time
 */
const METADATA = ['.cache', 'huggingface', 'download'];
const ENDING = '.metadata';
/** A commit, an etag and a time have some 130. */
const MAX_METADATA_BYTES = 4096;

export async function* sweepLocalFolder(matcher: Matcher, folder: string): AsyncGenerator<Found> {
  const { tree } = matcher;
  let metadata = folder;
  for (const name of METADATA) {
    metadata = join(metadata, name);
    if (!(await tree.isFolder(metadata))) return;
  }
  for await (const { path: note, from, type } of tree.below(metadata)) {
    const file = from.slice(0, -ENDING.length);
    if (type !== 'file' || !from.endsWith(ENDING) || repoPathProblem(file) !== undefined) continue;
    const path = join(folder, ...file.split('/').join(sep).split(sep));
    const [commit = '', etag = ''] = ((await tree.text(note, MAX_METADATA_BYTES)) ?? '').split(/\r?\n/);
    const match = matcher.byName(
      (revoked) => revoked.commit(commit) ?? revoked.file(commit, file) ?? revoked.named(etag),
    );
    // The note may outlive its file, and a folder on the way to it may be a link to anywhere.
    if (match && (await isThere(matcher, folder, file))) yield { ...match, path, commit, remove: [path, note] };
  }
}

async function isThere({ tree }: Matcher, folder: string, file: string): Promise<boolean> {
  const parts = file.split('/');
  let at = folder;
  for (const part of parts.slice(0, -1)) {
    at = join(at, part);
    if (!(await tree.isFolder(at))) return false;
  }
  return (await tree.size(join(at, parts.at(-1) ?? ''))) !== undefined;
}
