// SPDX-License-Identifier: Apache-2.0
import type { Facts } from '../facts.ts';
import { accountGaps, reportTail, reportVerified } from '../flatbuffers/account.ts';
import { FLAT_TENSOR, PROGRAM } from '../flatbuffers/executorch-schema.ts';
import type { Schema } from '../flatbuffers/schema.ts';
import { Table } from '../flatbuffers/table.ts';
import { verify } from '../flatbuffers/verify.ts';
import { Pages } from '../io/pages.ts';
import { addProblem } from '../problems.ts';
import { UseList } from '../uses.ts';
import type { Context, Extractor } from './context.ts';

/** Where the segments begin: the header that lies between the root offset and the first vtable. */
interface ExtendedHeader {
  readonly length: number;
  readonly programBytes: number;
  readonly segmentBase: number;
}

/**
 * An ExecuTorch program (schema/program.fbs): operators and delegates by name, and the segments behind the flatbuffer
 * (schema/extended_header.cpp) that hold weights and what delegates compiled.
 */
export const executorch: Extractor = async (facts, bytes, context) => {
  const pages = bytes.random && new Pages(bytes.random);
  if (pages === undefined) return tooLarge(facts);
  const extended = ascii(pages, 8, 4) === 'eh00';
  const header = extended
    ? { length: pages.u32(12), programBytes: pages.u64(16), segmentBase: pages.u64(24) }
    : { length: 0, programBytes: pages.size, segmentBase: 0 };
  const program = read(facts, pages, PROGRAM, 'Program', header, context);
  new ProgramReader(facts, program).run();
};

/** An ExecuTorch data file (flat_tensor.fbs): named tensors for a program, in segments. */
export const flatTensor: Extractor = async (facts, bytes, context) => {
  const pages = bytes.random && new Pages(bytes.random);
  if (pages === undefined) return tooLarge(facts);
  const extended = ascii(pages, 8, 4) === 'FH01';
  const header = extended
    ? { length: pages.u32(12), programBytes: pages.u64(24), segmentBase: pages.u64(32) }
    : { length: 0, programBytes: pages.size, segmentBase: 0 };
  if (extended && pages.u64(16) !== 0) problem(facts, 'executorch-malformed', 16, 'the flatbuffer is not at the start');
  read(facts, pages, FLAT_TENSOR, 'FlatTensor', header, context);
};

function tooLarge(facts: Facts): void {
  facts.problems.push({ code: 'flatbuffer-malformed', detail: 'a large compressed file' });
}

/** Verify the flatbuffer and account for it, the header and the segments. */
function read(
  facts: Facts,
  pages: Pages,
  schema: Schema,
  root: string,
  header: ExtendedHeader,
  context: Context,
): Table {
  const verified = verify(pages, schema, root, context.spending);
  reportVerified(facts, verified);
  const table = Table.root({ pages, schema, spending: context.spending }, root);
  const ranges: (readonly [number, number])[] = [...verified.covered];
  if (header.length > 0) ranges.push([8, 8 + Math.min(header.length, 64)]);
  if (header.length > 64) problem(facts, 'executorch-malformed', 8, `a header of ${header.length} bytes`);
  let end = verified.covered.at(-1)?.[1] ?? 0;
  if (header.programBytes > pages.size || header.programBytes < end)
    problem(facts, 'executorch-malformed', 16, `a program of ${header.programBytes} bytes that ends at byte ${end}`);
  for (const segment of table.tables('segments')) {
    const start = header.segmentBase + segment.u64('offset');
    const stop = start + segment.u64('size');
    if (header.segmentBase === 0 || start < end || stop > pages.size)
      problem(facts, 'executorch-segment', segment.at, `a segment from byte ${start} to ${stop}`);
    else end = stop;
    ranges.push([start, Math.min(stop, pages.size)]);
  }
  accountGaps(facts, pages, ranges, Math.min(end, pages.size));
  reportTail(facts, pages, Math.min(end, pages.size));
  return table;
}

class ProgramReader {
  private readonly facts: Facts;
  private readonly program: Table;
  private readonly uses: UseList;

  constructor(facts: Facts, program: Table) {
    this.facts = facts;
    this.program = program;
    this.uses = new UseList(facts);
  }

  run(): void {
    let index = 0;
    for (const plan of this.program.tables('execution_plan')) this.plan(plan, `$.execution_plan[${index++}]`);
  }

  private plan(plan: Table, at: string): void {
    let operators = 0;
    for (const operator of plan.tables('operators')) {
      const overload = operator.text('overload');
      const name = operator.text('name') + (overload === '' ? '' : `.${overload}`);
      this.uses.add('executorch-operator', name, `${at}.operators[${operators++}]`, operator.at);
    }
    let delegates = 0;
    for (const delegate of plan.tables('delegates')) {
      const place = `${at}.delegates[${delegates++}]`;
      this.uses.add('executorch-delegate', delegate.text('id'), place, delegate.at);
      this.reference(delegate.table('processed'), place);
    }
    const values = plan.vector('values', 4).length;
    for (const field of ['inputs', 'outputs']) this.indices(plan, field, values, `${at}.${field}`);
    let chains = 0;
    for (const chain of plan.tables('chains'))
      this.chain(chain, `${at}.chains[${chains++}]`, { values, operators, delegates });
  }

  private reference(processed: Table | undefined, at: string): void {
    if (processed === undefined) return;
    const list = processed.u8('location') === 1 ? 'segments' : 'backend_delegate_data';
    if (processed.u32('index') >= this.program.vector(list, 4).length)
      problem(this.facts, 'executorch-out-of-bounds', processed.at, `${at}: ${list}[${processed.u32('index')}]`);
  }

  private chain(chain: Table, at: string, counts: { values: number; operators: number; delegates: number }): void {
    const instructions = chain.vector('instructions', 4).length;
    let index = 0;
    for (const instruction of chain.tables('instructions')) {
      const place = `${at}.instructions[${index++}]`;
      const call = instruction.union('instr_args');
      if (call === undefined) continue;
      const { type, table } = call;
      if (type === 'KernelCall') this.bound(table, 'op_index', counts.operators, place);
      if (type === 'DelegateCall') this.bound(table, 'delegate_index', counts.delegates, place);
      if (type === 'MoveCall')
        for (const field of ['move_from', 'move_to']) this.bound(table, field, counts.values, place);
      if (type === 'FreeCall') this.bound(table, 'value_index', counts.values, place);
      if (type === 'JumpFalseCall') {
        this.bound(table, 'cond_value_index', counts.values, place);
        this.bound(table, 'destination_instruction', instructions + 1, place);
      }
      this.indices(table, 'args', counts.values, place);
    }
  }

  private bound(table: Table, field: string, count: number, at: string): void {
    const value = table.i32(field);
    if (value < 0 || value >= count) this.outOfBounds(table, `${at}: ${field} ${value} of ${count}`);
  }

  private indices(table: Table, field: string, count: number, at: string): void {
    for (const value of table.numbers(field))
      if (value < 0 || value >= count) this.outOfBounds(table, `${at}: value ${value} of ${count}`);
  }

  private outOfBounds(table: Table, detail: string): void {
    addProblem(this.facts, { code: 'executorch-out-of-bounds', offset: table.at, detail });
  }
}

function ascii(pages: Pages, at: number, length: number): string {
  return Buffer.from(pages.take(at, length)).toString('latin1');
}

function problem(facts: Facts, code: string, offset: number, detail: string): void {
  facts.problems.push({ code, offset, detail });
}
