// SPDX-License-Identifier: Apache-2.0
import type { Facts } from '../facts.ts';
import { accountGaps, reportTail, reportVerified } from '../flatbuffers/account.ts';
import { CATBOOST } from '../flatbuffers/catboost-schema.ts';
import { Table } from '../flatbuffers/table.ts';
import { verify } from '../flatbuffers/verify.ts';
import type { RandomBytes } from '../io/bytes.ts';
import { Pages } from '../io/pages.ts';
import { addProblem } from '../problems.ts';
import type { Context, Extractor } from './context.ts';

/** How often one file may hold a table of category statistics: each is a flatbuffer of its own. */
const TABLES = 1_000_000;

/**
 * A CatBoost model (catboost/libs/model/model.cpp, `TFullModel::Load`): the magic, the length of a flatbuffer with the
 * trees, and then the parts that it names. Of these the statistics of categories are read; the dictionaries of text
 * and embedding features are not.
 */
export const catboost: Extractor = async (facts, bytes, context) => {
  if (bytes.random === undefined)
    return void facts.problems.push({ code: 'flatbuffer-malformed', detail: 'a large compressed file' });
  const outer = new Pages(bytes.random);
  const length = outer.u32(4);
  if (length < 8 || 8 + length > bytes.size)
    return problem(facts, 'catboost-malformed', 4, `trees of ${length} bytes in a file of ${bytes.size}`);
  const core = part(facts, bytes.random, 8, length, 'TModelCore', context);
  let at: number | undefined = 8 + length;
  for (const id of core.texts('model_part_ids')) {
    if (at === undefined) break;
    if (id === 'static_provider_v1') at = counters(facts, bytes.random, outer, at, context);
    else return problem(facts, 'catboost-part', at, `the part ${JSON.stringify(id.slice(0, 60))} is not read`);
  }
  if (at !== undefined) reportTail(facts, outer, at);
};

/** A count, then so many flatbuffers behind their lengths. Returns where they end. */
function counters(facts: Facts, bytes: RandomBytes, outer: Pages, start: number, context: Context): number | undefined {
  const count = outer.u32(start);
  let at = start + 4;
  for (let i = 0; i < count; i++) {
    const length = outer.u32(at);
    if (i >= TABLES || length < 8 || at + 4 + length > bytes.size) {
      problem(facts, 'catboost-malformed', at, `statistics of ${length} bytes in a file of ${bytes.size}`);
      return undefined;
    }
    part(facts, bytes, at + 4, length, 'TCtrValueTable', context);
    at += 4 + length;
  }
  return at;
}

/** One flatbuffer, whose offsets count from its own start. */
function part(facts: Facts, bytes: RandomBytes, start: number, length: number, root: string, context: Context): Table {
  const pages = new Pages(bytes.slice(start, length));
  const verified = verify(pages, CATBOOST, root, context.spending, false);
  const found: Facts = { ...facts, problems: [] };
  reportVerified(found, verified);
  accountGaps(found, pages, verified.covered, length);
  for (const { code, offset, detail } of found.problems)
    addProblem(facts, { code, offset: start + (offset ?? 0), detail });
  return Table.root({ pages, schema: CATBOOST, spending: context.spending }, root);
}

function problem(facts: Facts, code: string, offset: number, detail: string): void {
  facts.problems.push({ code, offset, detail });
}
