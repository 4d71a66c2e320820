// SPDX-License-Identifier: Apache-2.0
import { join, sep } from 'node:path';
import { repoPathProblem } from '#src/domain/path.ts';
import type { Found, Matcher } from './found.ts';

/*
 * What `hf download --local-dir` leaves beside the files:
 *
 *   <folder>/<path>                                              the file
 *   <folder>/.cache/huggingface/download/<path>.metadata         three lines: commit, etag, time in seconds
 */
const METADATA = ['.cache', 'huggingface', 'download'];
const ENDING = '.metadata';
/** A commit, an etag and a time have some 130. */
const MAX_METADATA_BYTES = 4096;
/** File systems round times. */
const SLACK_SECONDS = 1;

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
    const [commit = '', etag = '', time = ''] = ((await tree.text(note, MAX_METADATA_BYTES)) ?? '').split(/\r?\n/);
    const match = matcher.byName(
      (revoked) => revoked.commit(commit) ?? revoked.file(commit, file) ?? revoked.named(etag),
    );
    // The note may outlive its file, and a folder on the way to it may be a link to anywhere.
    if (!match || !(await isThere(matcher, folder, file))) continue;
    // As the client judges its own note: whoever trained on and saved in place has a file of their own there.
    if (await isNewer(matcher, path, Number(time)))
      tree.tell(path, 'was written after its download: look at it, or sweep with --hash');
    else yield { ...match, path, commit, remove: [path, note] };
  }
}

/** A note without a time says nothing of the file as it is. */
async function isNewer({ tree }: Matcher, path: string, noted: number): Promise<boolean> {
  const modified = await tree.modified(path);
  return modified === undefined || !(modified - SLACK_SECONDS <= noted);
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
