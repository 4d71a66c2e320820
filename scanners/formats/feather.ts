// SPDX-License-Identifier: Apache-2.0
import type { Facts } from '../facts.ts';
import { accountGaps, reportVerified } from '../flatbuffers/account.ts';
import { FEATHER } from '../flatbuffers/feather-schema.ts';
import { Table } from '../flatbuffers/table.ts';
import { verify } from '../flatbuffers/verify.ts';
import { Pages } from '../io/pages.ts';
import type { Extractor } from './context.ts';

/** Feather of version 1: columns between two magics, and a table at the end that says where they lie. Values are data. */
export const feather: Extractor = async (facts, bytes, context) => {
  const region = bytes.random;
  if (region === undefined) return problem(facts, 0, 'a large compressed file');
  const pages = new Pages(region);
  const length = pages.u32(region.size - 8);
  const start = region.size - 8 - length;
  if (region.size < 16 || Buffer.from(pages.take(region.size - 4, 4)).toString('latin1') !== 'FEA1' || start < 4)
    return problem(facts, region.size, 'there is no table of columns at the end');
  const tail = new Pages(region.slice(start, length));
  const verified = verify(tail, FEATHER, 'CTable', context.spending, false);
  reportVerified(facts, verified);
  const buffer = { pages: tail, schema: FEATHER, spending: context.spending };
  const ranges: [number, number][] = [[0, 4]];
  for (const column of Table.root(buffer, 'CTable').tables('columns'))
    for (const values of [column.table('values'), column.union('metadata')?.table.table('levels')])
      if (values) ranges.push([values.u64('offset'), values.u64('offset') + values.u64('total_bytes')]);
  const beyond = ranges.find(([, end]) => end > start);
  if (beyond) problem(facts, start, `a column lies at bytes ${beyond[0]} to ${beyond[1]}`);
  for (const [from, to] of verified.covered) ranges.push([start + from, start + to]);
  accountGaps(facts, pages, ranges, start + length);
};

function problem(facts: Facts, offset: number, detail: string): void {
  facts.problems.push({ code: 'feather-malformed', offset, detail });
}
