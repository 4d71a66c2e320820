// SPDX-License-Identifier: Apache-2.0
import type { Bytes } from '../io/bytes.ts';
import { outermostFields, protobufSource } from './text-walk.ts';

/** A field of the outermost level, and fields of the messages in it of which one is there. The more telling, the earlier. */
const TELLING: readonly (readonly [format: string, field: string, inner: readonly string[]])[] = [
  ['tf-saved-model-text', 'meta_graphs', ['graph_def', 'meta_info_def', 'object_graph_def', 'saver_def']],
  ['tf-meta-graph-text', 'graph_def', ['node', 'library', 'versions']],
  ['tf-graph-text', 'node', ['op']],
  ['tf-graph-text', 'library', ['function', 'gradient']],
  ['caffe-text', 'layer', ['type', 'python_param']],
  ['caffe-text', 'layers', ['type', 'layer']],
  ['onnx-text', 'graph', ['node', 'initializer']],
];
/** How a message begins: a name and what may follow one. */
const START = /^(?:[ \t\r\n\f\v]|#[^\n]*(?:\n|$))*(?:$|(?:[A-Za-z_]\w*|\[[\w./-]+\])[ \t\r\n]*[:{<])/;

/** Messages in protobuf's text format: all of the text is its grammar, and a field says which message it is. */
export async function recogniseProtobufText(bytes: Bytes, head: Uint8Array): Promise<string | undefined> {
  if (!startsAsProtobufText(Buffer.from(head).toString('latin1'))) return undefined;
  const source = await protobufSource(bytes);
  const fields = source === undefined ? undefined : outermostFields(source);
  return TELLING.find(([, field, inner]) => inner.some((name) => fields?.get(field)?.has(name)))?.[0];
}

function startsAsProtobufText(start: string): boolean {
  return START.test(start);
}
