// SPDX-License-Identifier: Apache-2.0

import { within } from '../budgets.ts';
import { readExtensions } from '../columnar/arrow-schema.ts';
import { MalformedThrift, ThriftReader } from '../columnar/thrift.ts';
import type { Facts } from '../facts.ts';
import { accountGaps } from '../flatbuffers/account.ts';
import { ARROW } from '../flatbuffers/arrow-schema.ts';
import { Table } from '../flatbuffers/table.ts';
import { verify } from '../flatbuffers/verify.ts';
import { RandomBytes } from '../io/bytes.ts';
import { Pages } from '../io/pages.ts';
import { UseList } from '../uses.ts';
import type { Context, Extractor } from './context.ts';

const SCHEMA_BYTES = 16 * 1024 * 1024;

/**
 * A Parquet file (parquet-format, parquet.thrift): the footer says where column chunks, indexes and filters lie, and
 * nothing else may. Values are data. What a reader may act on is a column in another file, and the Arrow schema that
 * writers keep in the metadata, with its extension types.
 */
export const parquet: Extractor = async (facts, bytes, context) => {
  if (bytes.random === undefined) return problem(facts, 0, 'a large compressed file');
  const pages = new Pages(bytes.random);
  const footerEnd = pages.size - 8;
  const footer = footerEnd - pages.u32(footerEnd);
  if (pages.size < 12 || Buffer.from(pages.take(pages.size - 4, 4)).toString('latin1') !== 'PAR1' || footer < 4)
    return problem(facts, pages.size, 'there is no footer');
  const reader = new FooterReader(facts, pages, context);
  try {
    const end = reader.run(footer, footerEnd);
    if (end !== footerEnd) problem(facts, end, `${footerEnd - end} bytes behind the footer's structure`);
  } catch (error) {
    if (!(error instanceof MalformedThrift)) throw error;
    return problem(facts, footer, error.message);
  }
  const beyond = reader.ranges.find(([start, stop]) => start < 4 || stop > footer || stop < start);
  if (beyond) problem(facts, footer, `the footer speaks of bytes ${beyond[0]} to ${beyond[1]}`);
  accountGaps(facts, pages, [[0, 4], ...reader.ranges], footer);
};

interface Chunk {
  dataPage: number;
  dictionaryPage: number;
  compressed: number;
  bloom: number;
  bloomLength: number;
}

class FooterReader {
  readonly ranges: [number, number][] = [];
  private readonly facts: Facts;
  private readonly pages: Pages;
  private readonly context: Context;
  private readonly uses: UseList;

  constructor(facts: Facts, pages: Pages, context: Context) {
    this.facts = facts;
    this.pages = pages;
    this.context = context;
    this.uses = new UseList(facts);
  }

  run(start: number, end: number): number {
    const thrift = new ThriftReader(this.pages, start, end);
    thrift.struct((id) => {
      if (id === 4) thrift.list(() => this.rowGroup(thrift));
      else if (id === 5) thrift.list(() => this.keyValue(thrift));
      else return false;
      return true;
    });
    return thrift.at;
  }

  private rowGroup(thrift: ThriftReader): void {
    thrift.struct((id) => {
      if (id !== 1) return false;
      thrift.list(() => this.columnChunk(thrift));
      return true;
    });
  }

  private columnChunk(thrift: ThriftReader): void {
    const chunk: Chunk = { dataPage: 0, dictionaryPage: 0, compressed: 0, bloom: 0, bloomLength: 0 };
    const fields = new Map<number, number>();
    thrift.struct((id) => {
      if (id === 1) this.uses.add('parquet-file', this.text(thrift), 'a column chunk', thrift.at);
      else if (id === 3) this.columnMetadata(thrift, chunk);
      else if (id === 8 || id === 9) {
        problem(this.facts, thrift.at, 'an encrypted column');
        return false;
      } else if ([2, 4, 5, 6, 7].includes(id)) fields.set(id, thrift.integer());
      else return false;
      return true;
    });
    const { dataPage, dictionaryPage, compressed } = chunk;
    const start = dictionaryPage > 0 && (dictionaryPage < dataPage || dataPage <= 0) ? dictionaryPage : dataPage;
    if (compressed > 0) this.range(start, compressed);
    this.range(fields.get(4) ?? 0, fields.get(5) ?? 0);
    this.range(fields.get(6) ?? 0, fields.get(7) ?? 0);
    this.filter(chunk);
    // Older writers put a copy of the column's metadata behind the chunk; newer ones write any number here.
    const copy = fields.get(2) ?? 0;
    if (copy >= start + compressed && copy > 0) this.structure(copy);
  }

  private columnMetadata(thrift: ThriftReader, chunk: Chunk): void {
    thrift.struct((id) => {
      if (id === 7) chunk.compressed = thrift.integer();
      else if (id === 9) chunk.dataPage = thrift.integer();
      else if (id === 11) chunk.dictionaryPage = thrift.integer();
      else if (id === 14) chunk.bloom = thrift.integer();
      else if (id === 15) chunk.bloomLength = thrift.integer();
      else return false;
      return true;
    });
  }

  /** Without a length the filter's own header has it. */
  private filter({ bloom, bloomLength }: Chunk): void {
    if (bloom <= 0) return;
    if (bloomLength > 0) return void this.range(bloom, bloomLength);
    const thrift = new ThriftReader(this.pages, bloom, this.pages.size);
    let bytes = 0;
    thrift.struct((id) => {
      if (id !== 1) return false;
      bytes = thrift.integer();
      return true;
    });
    this.range(bloom, thrift.at - bloom + bytes);
  }

  private structure(at: number): void {
    const thrift = new ThriftReader(this.pages, at, this.pages.size);
    try {
      thrift.struct(() => false);
      this.range(at, thrift.at - at);
    } catch (error) {
      if (!(error instanceof MalformedThrift)) throw error;
    }
  }

  private range(start: number, length: number): void {
    if (length === 0) return;
    this.ranges.push([start, start + length]);
    within('tensors', this.ranges.length);
  }

  private keyValue(thrift: ThriftReader): void {
    let key = '';
    thrift.struct((id) => {
      if (id === 1) key = this.text(thrift);
      else if (id === 2 && key === 'ARROW:schema') this.arrowSchema(thrift);
      else return false;
      return true;
    });
  }

  /** The schema as an Arrow message, in base64. */
  private arrowSchema(thrift: ThriftReader): void {
    const { at, length } = thrift.binary();
    if (length > SCHEMA_BYTES) return void problem(this.facts, at, `an Arrow schema of ${length} bytes`);
    const bytes = Buffer.from(Buffer.from(this.pages.take(at, length)).toString('latin1'), 'base64');
    const start = bytes.length >= 8 && bytes.readUInt32LE(0) === 0xffffffff ? 8 : 4;
    const pages = new Pages(RandomBytes.ofMemory(bytes.subarray(start)));
    if (verify(pages, ARROW, 'Message', this.context.spending, false).problems.length > 0)
      return void problem(this.facts, at, 'an Arrow schema that breaks its format');
    const message = Table.root({ pages, schema: ARROW, spending: this.context.spending }, 'Message');
    const header = message.union('header');
    if (header?.type === 'Schema') readExtensions(header.table, this.uses, 'the Arrow schema');
    else problem(this.facts, at, 'an Arrow schema that is none');
  }

  private text(thrift: ThriftReader): string {
    const { at, length } = thrift.binary();
    return new TextDecoder().decode(this.pages.take(at, Math.min(length, 1024)));
  }
}

function problem(facts: Facts, offset: number, detail: string): void {
  facts.problems.push({ code: 'parquet-malformed', offset: Math.max(0, offset), detail });
}
