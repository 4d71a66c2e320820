// SPDX-License-Identifier: Apache-2.0
import type { Reason } from '#src/domain/decision.ts';
import type { SourceFile } from '#src/domain/manifest.ts';
import { printable } from '#src/domain/repo.ts';
import { reasonOf } from './reason.ts';
import type { Limits } from './rules.ts';

/** The second gate: what the listing of the selected files alone tells, before a byte is pulled. All limits are inclusive. */
export function judgeListing(files: readonly SourceFile[], limits: Limits): Reason[] {
  if (files.length === 0)
    return [reasonOf('empty-selection', 'deny', 'the source selects none of the files of this commit')];
  return [...judgeAmount(files, limits), ...judgeFileSizes(files, limits), ...collisions(files)];
}

function judgeAmount(files: readonly SourceFile[], limits: Limits): Reason[] {
  const reasons: Reason[] = [];
  if (files.length > limits.maxFiles)
    reasons.push(
      reasonOf(
        'listing-too-many-files',
        'deny',
        `${count(files.length)} files are more than the limit of ${count(limits.maxFiles)}`,
      ),
    );
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  // Written as "not within", so that a size that is no number is refused as well.
  if (!(bytes <= limits.maxSnapshotBytes))
    reasons.push(
      reasonOf(
        'listing-too-large',
        'deny',
        `${count(bytes)} bytes in all are more than the limit of ${count(limits.maxSnapshotBytes)}`,
      ),
    );
  return reasons;
}

function judgeFileSizes(files: readonly SourceFile[], limits: Limits): Reason[] {
  return files
    .filter((file) => !(file.size >= 0 && file.size <= limits.maxFileBytes))
    .map((file) =>
      reasonOf(
        'file-too-large',
        'deny',
        `${printable(file.path)} has ${count(file.size)} bytes, more than the limit of ${count(limits.maxFileBytes)}`,
        file.path,
      ),
    );
}

/**
 * Paths that are one path on clients with a case-insensitive or normalising file system (macOS, Windows): the later
 * one overwrites the earlier there. It is said and does no more: the repo is fine everywhere else.
 */
function collisions(files: readonly SourceFile[]): Reason[] {
  const seen = new Map<string, SourceFile>();
  const reasons: Reason[] = [];
  for (const file of files) {
    const folded = file.path.normalize('NFC').toLowerCase();
    const first = seen.get(folded);
    if (first)
      reasons.push(
        reasonOf(
          'path-collision',
          'note',
          `${printable(file.path)} and ${printable(first.path)} are one file where case does not count`,
          file.path,
        ),
      );
    else seen.set(folded, file);
  }
  return reasons;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
