// SPDX-License-Identifier: Apache-2.0
import { accountGaps, reportTail, reportVerified } from '../flatbuffers/account.ts';
import { ORT } from '../flatbuffers/ort-schema.ts';
import { Table } from '../flatbuffers/table.ts';
import { verify } from '../flatbuffers/verify.ts';
import { Pages } from '../io/pages.ts';
import { UseList } from '../uses.ts';
import type { Extractor } from './context.ts';

/** The domain of the operators that ONNX itself defines, in both spellings. */
const STANDARD: ReadonlySet<string> = new Set(['', 'ai.onnx']);

/**
 * A model in ONNX Runtime's own format (ort.fbs): the same operators as ONNX has, so that they are judged by the same
 * table, and every byte of the flatbuffer.
 */
export const ort: Extractor = async (facts, bytes, context) => {
  if (bytes.random === undefined)
    return void facts.problems.push({ code: 'flatbuffer-malformed', detail: 'a large compressed file' });
  const pages = new Pages(bytes.random);
  const verified = verify(pages, ORT, 'InferenceSession', context.spending);
  reportVerified(facts, verified);
  const end = verified.covered.at(-1)?.[1] ?? 0;
  accountGaps(facts, pages, verified.covered, end);
  reportTail(facts, pages, end);
  const session = Table.root({ pages, schema: ORT, spending: context.spending }, 'InferenceSession');
  const model = session.table('model');
  const uses = new UseList(facts);
  for (const set of model?.tables('opset_import') ?? [])
    if (!STANDARD.has(set.text('domain'))) uses.add('onnx-domain', set.text('domain'), '$.model.opset_import', set.at);
  const graph = model?.table('graph');
  if (graph) readGraphs(graph, uses);
};

/** Graphs within attributes of nodes are graphs too. A graph that is shared is read once. */
function readGraphs(root: Table, uses: UseList): void {
  const open: [graph: Table, at: string][] = [[root, '$.model.graph']];
  const seen = new Set([root.at]);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [graph, at] = next;
    let tensors = 0;
    for (const tensor of graph.tables('initializers')) {
      const place = `${at}.initializers[${tensors++}]`;
      if (tensor.has('external_data_offset')) uses.add('ort-external-data', tensor.text('name'), place, tensor.at);
    }
    let index = 0;
    for (const node of graph.tables('nodes')) {
      const place = `${at}.nodes[${index++}]`;
      const domain = node.text('domain');
      const name = node.text('op_type');
      uses.add('onnx-operator', STANDARD.has(domain) ? name : `${domain}::${name}`, place, node.at);
      for (const attribute of node.tables('attributes')) {
        const inner = attribute.table('g');
        for (const found of [...(inner ? [inner] : []), ...attribute.tables('graphs')]) {
          if (seen.has(found.at)) continue;
          seen.add(found.at);
          open.push([found, place.slice(-200)]);
        }
      }
    }
  }
}
