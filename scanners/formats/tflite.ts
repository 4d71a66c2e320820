// SPDX-License-Identifier: Apache-2.0

import { type Facts, type MemberFacts, newFacts } from '../facts.ts';
import { accountGaps, reportTail, reportVerified } from '../flatbuffers/account.ts';
import { flexOperator } from '../flatbuffers/flex.ts';
import { Table } from '../flatbuffers/table.ts';
import { BUILTIN_OPERATORS, TFLITE } from '../flatbuffers/tflite-schema.ts';
import { verify } from '../flatbuffers/verify.ts';
import type { RandomBytes } from '../io/bytes.ts';
import { Pages } from '../io/pages.ts';
import { payloadName } from '../magic.ts';
import { UseList } from '../uses.ts';
import type { Context, Extractor } from './context.ts';

const OPTION_BYTES = 1024 * 1024;

/**
 * A TensorFlow Lite model (schema.fbs, version 3): operators by name, indices against what they lead to, and every byte
 * of the file. Models of more than 2 GB keep their buffers behind the flatbuffer; the metadata writer of tflite-support
 * appends a zip of label files.
 */
export const tflite: Extractor = async (facts, bytes, context) => {
  if (bytes.random === undefined)
    return void facts.problems.push({ code: 'flatbuffer-malformed', detail: 'a large compressed file' });
  const pages = new Pages(bytes.random);
  const verified = verify(pages, TFLITE, 'Model', context.spending);
  reportVerified(facts, verified);
  const model = Table.root({ pages, schema: TFLITE, spending: context.spending }, 'Model');
  const reader = new ModelReader(facts, pages, model);
  reader.run();
  const ranges = [...verified.covered, ...reader.ranges];
  const end = ranges.reduce((last, [, stop]) => Math.max(last, stop), 0);
  accountGaps(facts, pages, ranges, Math.min(end, pages.size));
  await readTail(facts, bytes.random, pages, end, context);
};

/** A zip behind the model holds the label files of its metadata; its offsets count from the start of the file. */
async function readTail(facts: Facts, bytes: RandomBytes, pages: Pages, end: number, context: Context): Promise<void> {
  if (end >= pages.size) return;
  if (payloadName(pages.take(end, 512)) !== 'zip') return reportTail(facts, pages, end);
  const member: MemberFacts = { ...newFacts('zip', bytes.size - end), name: '(appended archive)', offset: end };
  facts.members = [member];
  await context.extractInner(member, bytes.blankBefore(end));
  member.problems = member.problems.filter(({ code, offset }) => code !== 'zip-padding' || offset !== 0);
}

class ModelReader {
  readonly ranges: [number, number][] = [];
  private readonly facts: Facts;
  private readonly pages: Pages;
  private readonly model: Table;
  private readonly uses: UseList;
  private readonly codes: string[] = [];
  /** Which subgraphs a subgraph runs. */
  private readonly runs: Set<number>[] = [];
  private reported = 0;

  constructor(facts: Facts, pages: Pages, model: Table) {
    this.facts = facts;
    this.pages = pages;
    this.model = model;
    this.uses = new UseList(facts);
  }

  run(): void {
    for (const code of this.model.tables('operator_codes')) this.code(code);
    const buffers = this.readBuffers();
    let index = 0;
    for (const graph of this.model.tables('subgraphs')) this.graph(graph, index++, buffers);
    this.checkCalls(index);
    for (const { at, length } of [this.model.vector('external_buffers', 4)])
      if (length > 0) this.uses.add('tflite-external', 'external_buffers', '$.external_buffers', at);
  }

  /** Old files keep the operator in a byte, where 127 says that the newer field has it. */
  private code(code: Table): void {
    const number = Math.max(code.i32('builtin_code'), (code.u8('deprecated_builtin_code') << 24) >> 24);
    const name = BUILTIN_OPERATORS[number] ?? `builtin ${number}`;
    const index = this.codes.length;
    const at = `$.operator_codes[${index}]`;
    const custom = code.text('custom_code');
    this.codes.push(name === 'CUSTOM' ? `custom ${custom}` : name);
    if (name !== 'CUSTOM') this.uses.add('tflite-operator', name, at, code.at);
    else if (custom.startsWith('Flex')) this.uses.add('tf-operator', custom.slice(4), at, code.at);
    else this.uses.add('tflite-custom-operator', custom, at, code.at);
  }

  private readBuffers(): number {
    let count = 0;
    for (const buffer of this.model.tables('buffers')) {
      this.outside(`$.buffers[${count++}]`, buffer, 'offset', 'size');
    }
    return count;
  }

  /** Data that lies behind the flatbuffer. An offset of 0 or 1 means that there is none. */
  private outside(at: string, table: Table, offsetField: string, sizeField: string): void {
    const offset = table.u64(offsetField);
    const size = table.u64(sizeField);
    if (offset <= 1 && size === 0) return;
    if (offset + size > this.pages.size)
      this.problem(
        'tflite-out-of-bounds',
        table.at,
        `${at}: bytes ${offset} to ${offset + size} of ${this.pages.size}`,
      );
    else this.ranges.push([offset, offset + size]);
  }

  private graph(graph: Table, index: number, buffers: number): void {
    const at = `$.subgraphs[${index}]`;
    let tensors = 0;
    for (const tensor of graph.tables('tensors')) {
      if (tensor.u32('buffer') >= buffers && tensor.u32('buffer') > 0)
        this.problem('tflite-out-of-bounds', tensor.at, `${at}.tensors[${tensors}]: buffer ${tensor.u32('buffer')}`);
      tensors++;
    }
    for (const field of ['inputs', 'outputs']) this.indices(graph, field, `${at}.${field}`, tensors);
    this.runs.push(new Set());
    let number = 0;
    for (const operator of graph.tables('operators'))
      this.operator(operator, `${at}.operators[${number++}]`, index, tensors);
  }

  private operator(operator: Table, at: string, graph: number, tensors: number): void {
    const code = this.codes[operator.u32('opcode_index')];
    if (code === undefined)
      this.problem('tflite-out-of-bounds', operator.at, `${at}: an operator code that is not there`);
    for (const field of ['inputs', 'outputs', 'intermediates'])
      this.indices(operator, field, `${at}.${field}`, tensors);
    this.outside(at, operator, 'large_custom_options_offset', 'large_custom_options_size');
    if (code?.startsWith('custom Flex')) this.flex(operator, code.slice('custom Flex'.length), at);
    for (const union of [operator.union('builtin_options'), operator.union('builtin_options2')]) {
      if (union === undefined) continue;
      if (union.type === 'StablehloCustomCallOptions')
        this.uses.add('tflite-custom-call', union.table.text('call_target_name'), at, operator.at);
      for (const field of SUBGRAPH_FIELDS[union.type] ?? []) this.runs[graph]?.add(union.table.u32(field));
      for (const branch of union.table.numbers('branch_subgraph_indices')) this.runs[graph]?.add(branch);
    }
  }

  private flex(operator: Table, name: string, at: string): void {
    const { at: start, length } = operator.vector('custom_options', 1);
    const real = length <= OPTION_BYTES ? flexOperator(this.pages.take(start, length)) : undefined;
    if (real === name) return;
    if (real !== undefined) this.uses.add('tf-operator', real, at, start);
    const detail = real === undefined ? 'options that name no operator' : `runs ${JSON.stringify(real.slice(0, 80))}`;
    this.problem(
      real === undefined ? 'tflite-flex-options' : 'tflite-flex-mismatch',
      start,
      `${at}: Flex${name} ${detail}`,
    );
  }

  /** -1 stands for an input that is left out; any other index leads to a tensor of the same subgraph. */
  private indices(table: Table, field: string, at: string, tensors: number): void {
    for (const index of table.numbers(field))
      if (index < -1 || index >= tensors)
        this.problem('tflite-out-of-bounds', table.at, `${at}: tensor ${index} of ${tensors}`);
  }

  /** A subgraph that runs itself, by a detour or not, never ends. */
  private checkCalls(count: number): void {
    for (const [from, targets] of this.runs.entries())
      for (const target of targets)
        if (target >= count) this.problem('tflite-out-of-bounds', 0, `$.subgraphs[${from}] runs subgraph ${target}`);
    if (hasCycle(this.runs)) this.problem('tflite-recursion', 0, 'a subgraph runs itself');
  }

  private problem(code: string, offset: number, detail: string): void {
    if (this.reported++ < 50) this.facts.problems.push({ code, offset, detail });
  }
}

/** Options that name subgraphs; an absent field is subgraph 0. */
const SUBGRAPH_FIELDS: Readonly<Record<string, readonly string[]>> = {
  CallOptions: ['subgraph'],
  CallOnceOptions: ['init_subgraph_index'],
  IfOptions: ['then_subgraph_index', 'else_subgraph_index'],
  WhileOptions: ['cond_subgraph_index', 'body_subgraph_index'],
  StablehloReduceOptions: ['body_subgraph_index'],
  StablehloReduceWindowOptions: ['body_subgraph_index'],
  StablehloScatterOptions: ['update_computation_subgraph_index'],
  StablehloSortOptions: ['comparator_subgraph_index'],
  StablehloWhileOptions: ['cond_subgraph_index', 'body_subgraph_index'],
  StableHLOCompositeOptions: ['decomposition_subgraph_index'],
};

/** Take away what runs nothing more, until nothing changes; what is left runs in a circle. */
function hasCycle(runs: readonly ReadonlySet<number>[]): boolean {
  const callers = new Map<number, number[]>();
  const open = runs.map((targets) => [...targets].filter((target) => target < runs.length).length);
  for (const [from, targets] of runs.entries())
    for (const target of targets) {
      const known = callers.get(target);
      if (known) known.push(from);
      else callers.set(target, [from]);
    }
  const done = open.flatMap((count, index) => (count === 0 ? [index] : []));
  for (let index = done.pop(), left = runs.length; ; index = done.pop()) {
    if (index === undefined) return left > 0;
    left--;
    for (const caller of callers.get(index) ?? []) {
      open[caller] = (open[caller] ?? 0) - 1;
      if (open[caller] === 0) done.push(caller);
    }
  }
}
