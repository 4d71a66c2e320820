// SPDX-License-Identifier: Apache-2.0

import { readExtensions } from '../columnar/arrow-schema.ts';
import type { Facts } from '../facts.ts';
import { reportTail, reportVerified } from '../flatbuffers/account.ts';
import { ARROW } from '../flatbuffers/arrow-schema.ts';
import { Table } from '../flatbuffers/table.ts';
import { verify } from '../flatbuffers/verify.ts';
import type { RandomBytes } from '../io/bytes.ts';
import { Pages } from '../io/pages.ts';
import { addProblem } from '../problems.ts';
import { UseList } from '../uses.ts';
import type { Context, Extractor } from './context.ts';

const CONTINUATION = 0xffffffff;
/** No message with a schema is shorter; the first number of a message itself is smaller. */
const SHORTEST = 32;

/** An Arrow file (columnar format, "IPC File Format"): messages between two magics, and a footer that lists them. */
export const arrow: Extractor = async (facts, bytes, context) => {
  const region = bytes.random;
  if (region === undefined) return problem(facts, 0, 'a large compressed file');
  const pages = new Pages(region);
  const footerLength = pages.u32(region.size - 10);
  const footer = region.size - 10 - footerLength;
  if (region.size < 26 || Buffer.from(pages.take(region.size - 6, 6)).toString('latin1') !== 'ARROW1' || footer < 8)
    return problem(facts, region.size, 'there is no footer');
  const start = bareSchema(facts, region, pages, footer, footerLength, context);
  const end = messages(facts, region.slice(0, footer), pages, start, context);
  if (end !== undefined && end !== footer)
    problem(facts, end, `the messages end at byte ${end}, the footer is at ${footer}`);
  const listed = verified(facts, region.slice(footer, footerLength), 'Footer', footer, context);
  const schema = listed.table('schema');
  if (schema) readExtensions(schema, new UseList(facts), 'the footer');
};

/**
 * Readers of a file take the schema from the footer, and Polars writes the message that holds it without its length in
 * front. Then what is up to the first block of the footer must be that message. Returns where the others begin.
 */
function bareSchema(
  facts: Facts,
  region: RandomBytes,
  pages: Pages,
  footer: number,
  footerLength: number,
  context: Context,
): number {
  if (pages.u32(8) === CONTINUATION || pages.u32(8) >= SHORTEST) return 8;
  const tail = new Pages(region.slice(footer, footerLength));
  const listed = Table.root({ pages: tail, schema: ARROW, spending: context.spending }, 'Footer');
  const blocks = ['dictionaries', 'record_batches'].flatMap((list) => [...listed.items(list, 24)]);
  const first = blocks.reduce((least, at) => Math.min(least, tail.u64(at)), footer);
  if (first <= 16) return 8;
  const header = verified(facts, region.slice(8, first - 8), 'Message', 8, context).union('header');
  if (header?.type === 'Schema') readExtensions(header.table, new UseList(facts), 'the schema');
  else problem(facts, 8, 'the first message is no schema');
  return first;
}

/** An Arrow stream: the same messages with nothing around them. */
export const arrowStream: Extractor = async (facts, bytes, context) => {
  if (bytes.random === undefined) return problem(facts, 0, 'a large compressed file');
  const pages = new Pages(bytes.random);
  const end = messages(facts, bytes.random, pages, 0, context);
  if (end !== undefined) reportTail(facts, pages, end);
};

/** Reads message after message up to the mark of the end, or to the end of the bytes. Returns where it stopped. */
function messages(
  facts: Facts,
  region: RandomBytes,
  pages: Pages,
  start: number,
  context: Context,
): number | undefined {
  const uses = new UseList(facts);
  let at = start;
  while (at + 4 <= region.size) {
    context.spending.spend('flatbufferTables', 1);
    // Before version 0.15 the length had no mark in front of it.
    const marked = pages.u32(at) === CONTINUATION;
    const lengthAt = marked ? at + 4 : at;
    const length = pages.u32(lengthAt);
    const metadata = lengthAt + 4;
    if (length === 0) return metadata;
    if (length < 8 || metadata + length > region.size) {
      problem(facts, at, `a message of ${length} bytes`);
      return undefined;
    }
    const message = verified(facts, region.slice(metadata, length), 'Message', metadata, context);
    const header = message.union('header');
    if (header?.type === 'Schema') readExtensions(header.table, uses, 'the schema');
    const body = message.u64('body_length');
    at = metadata + length + body;
    if (header === undefined || at > region.size) {
      problem(facts, metadata, header === undefined ? 'a message of no known kind' : `a body of ${body} bytes`);
      return undefined;
    }
  }
  return at;
}

function verified(facts: Facts, region: RandomBytes, root: string, start: number, context: Context): Table {
  const pages = new Pages(region);
  const found: Facts = { ...facts, problems: [] };
  reportVerified(found, verify(pages, ARROW, root, context.spending, false));
  for (const { code, offset, detail } of found.problems)
    addProblem(facts, { code, offset: start + (offset ?? 0), detail });
  return Table.root({ pages, schema: ARROW, spending: context.spending }, root);
}

function problem(facts: Facts, offset: number, detail: string): void {
  facts.problems.push({ code: 'arrow-malformed', offset, detail });
}
