// SPDX-License-Identifier: Apache-2.0
import { within } from './budgets.ts';
import { mergedRanges, type Range } from './ranges.ts';
import type { UseList } from './uses.ts';

/** Writers begin a tensor at the next page, or at a multiple of something smaller. */
const PAGE = 4096;
/** Of one data file; whoever judges the snapshot takes what is not claimed for unexplained. */
const KEPT_RANGES = 2000;
const MERGE_AT = 10_000;

interface DataFile {
  readonly at: string;
  readonly offset: number | undefined;
  ranges: readonly Range[];
  added: Range[];
}

/** Which bytes of the files beside a model are its tensors. */
export class DataClaims {
  private readonly files = new Map<string, DataFile>();

  /** `at` and `offset`: where the model says so. @throws BudgetHit */
  add(path: string, [begin, end]: Range, at: string, offset?: number): void {
    const file = this.files.get(path) ?? { at, offset, ranges: [], added: [] };
    this.files.set(path, file);
    within('facts', this.files.size);
    file.added.push([begin, end]);
    if (file.added.length >= MERGE_AT) merge(file);
    within('tensors', file.ranges.length);
  }

  paths(): Iterable<readonly [path: string, where: { readonly at: string; readonly offset: number | undefined }]> {
    return this.files;
  }

  /** Uses named `<begin>-<end> <path>`, or `<begin>-<end>` where the rule says the path. */
  report(uses: UseList, scheme: string): void {
    for (const [path, file] of this.files) {
      merge(file);
      for (const [begin, end] of file.ranges.slice(0, KEPT_RANGES))
        uses.add(scheme, `${begin}-${end}${path === '' ? '' : ` ${path}`}`, file.at, file.offset);
    }
  }
}

function merge(file: DataFile): void {
  file.ranges = mergedRanges([...file.ranges, ...file.added], PAGE);
  file.added = [];
}
