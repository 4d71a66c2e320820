// SPDX-License-Identifier: Apache-2.0
import type { Facts } from '../facts.ts';
import { newFacts } from '../facts.ts';
import { RandomBytes } from '../io/bytes.ts';
import { messageType } from '../protobuf/schema.ts';
import { TENSORFLOW } from '../protobuf/schemas/tensorflow.ts';
import { walkProtobufText } from '../protobuf/text-walk.ts';
import { walkProtobuf } from '../protobuf/walk.ts';
import { TensorflowReader } from '../tensorflow/reader.ts';
import { UseList } from '../uses.ts';
import type { Context, Extractor } from './context.ts';
import { readSecrets } from './text.ts';

/** TensorFlow's `saved_model.proto`, `meta_graph.proto` and `graph.proto`, and Keras' metadata beside a SavedModel. */
export const savedModel = reading('SavedModel');
export const metaGraph = reading('MetaGraphDef');
export const graph = reading('GraphDef');
export const kerasMetadata = reading('SavedMetadata');
export const fingerprint = reading('FingerprintDef');

/** The same in the text format, which TensorFlow takes where there is no other: `saved_model.pbtxt`, `graph.pbtxt`. */
export const savedModelText = reading('SavedModel', walkProtobufText);
export const metaGraphText = reading('MetaGraphDef', walkProtobufText);
export const graphText = reading('GraphDef', walkProtobufText);

function reading(root: string, walk = walkProtobuf): Extractor {
  return async (facts, bytes, context) => {
    const reader = new TensorflowReader(facts);
    await walk(bytes, messageType(TENSORFLOW, root), reader, facts, context.spending);
    reader.finish();
    await readMetadata(facts, reader.metadata, context);
    if (walk === walkProtobufText) await readSecrets(facts, bytes);
  };
}

/** Keras' configurations are JSON in a field of a message. What they name becomes one member for all of them. */
async function readMetadata(facts: Facts, metadata: ReadonlyMap<string, string>, context: Context): Promise<void> {
  if (metadata.size === 0) return;
  const member = { ...newFacts('json', 0), name: '(Keras metadata)', offset: 0 };
  const uses = new UseList(member);
  facts.members = [member];
  for (const [text, identifier] of metadata) {
    const bytes = RandomBytes.ofMemory(Buffer.from(text, 'utf8'));
    const inner = newFacts('unknown', bytes.size);
    await context.extractInner(inner, bytes);
    member.size += bytes.size;
    if (inner.format !== 'json') member.problems.push({ code: 'tf-metadata', detail: `of ${identifier} is no JSON` });
    member.problems.push(...inner.problems);
    for (const use of inner.uses ?? []) uses.add(use.scheme, use.name, `${identifier}: ${use.at}`);
  }
}
