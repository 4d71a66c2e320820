// SPDX-License-Identifier: Apache-2.0
import { within } from './budgets.ts';
import { follows, mergedRanges, type Range } from './ranges.ts';
import type { UseList } from './uses.ts';

/** Ranges are merged when there are so many, and again whenever their number has doubled since. */
const MERGE_AT = 4096;

interface DataFile {
  readonly at: string;
  readonly offset: number | undefined;
  ranges: Range[];
  mergeAt: number;
}

/**
 * Which bytes of the files beside a model are its tensors. Tensors may share bytes (tied weights are written once), so
 * that claims are a set of bytes and no sum. Honest writers put tensors side by side: of a hundred thousand of them a
 * few ranges are left, in whatever order they come.
 */
export class DataClaims {
  private readonly files = new Map<string, DataFile>();

  /**
   * `at` and `offset`: where the model says so.
   * @throws BudgetHit when the claims are scattered as no writer does it
   */
  add(path: string, range: Range, at: string, offset?: number): void {
    const file = this.files.get(path) ?? { at, offset, ranges: [], mergeAt: MERGE_AT };
    this.files.set(path, file);
    within('facts', this.files.size);
    const last = file.ranges.at(-1);
    if (last && last[0] <= range[0] && follows(last[1], range))
      file.ranges[file.ranges.length - 1] = [last[0], Math.max(last[1], range[1])];
    else file.ranges.push(range);
    if (file.ranges.length < file.mergeAt) return;
    file.ranges = mergedRanges(file.ranges);
    within('facts', file.ranges.length);
    file.mergeAt = Math.max(MERGE_AT, 2 * file.ranges.length);
  }

  paths(): Iterable<readonly [path: string, where: { readonly at: string; readonly offset: number | undefined }]> {
    return this.files;
  }

  /** Uses named `<range> <path>`, or `<range>` where the rule says the path. @throws BudgetHit */
  report(uses: UseList, scheme: string): void {
    for (const [path, file] of this.files)
      for (const range of mergedRanges(file.ranges))
        uses.add(scheme, `${rangeText(range)}${path === '' ? '' : ` ${path}`}`, file.at, file.offset);
  }
}

/** How a use writes a range, `16-40`, or `16-` where it goes to the file's end; and how that is read. */
function rangeText([begin, end]: Range): string {
  return `${begin}-${end === Number.POSITIVE_INFINITY ? '' : end}`;
}

export function parseRange(text: string): Range | undefined {
  const [, begin, end] = /^(\d{1,16})-(\d{0,16})$/.exec(text) ?? [];
  if (begin === undefined) return undefined;
  return [Number(begin), end ? Number(end) : Number.POSITIVE_INFINITY];
}

/** A place or a length as documents write it; undefined for what is negative, or larger than any file. */
export function wholeNumber(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
