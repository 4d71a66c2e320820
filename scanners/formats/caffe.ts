// SPDX-License-Identifier: Apache-2.0

import { NameReader } from '../protobuf/name-reader.ts';
import { messageType } from '../protobuf/schema.ts';
import { CAFFE } from '../protobuf/schemas/caffe.ts';
import { walkProtobufText } from '../protobuf/text-walk.ts';
import { walkProtobuf } from '../protobuf/walk.ts';
import type { Extractor } from './context.ts';
import { readSecrets } from './text.ts';

/** Caffe's `NetParameter`: layers by their type. What a layer's own parameters say is passed over. */
export const caffe: Extractor = (facts, bytes, context) =>
  walkProtobuf(bytes, NET, new NameReader(facts, SCHEMES), facts, context.spending);

/** The same in the text format: `deploy.prototxt`. */
export const caffeText: Extractor = async (facts, bytes, context) => {
  await walkProtobufText(bytes, NET, new NameReader(facts, SCHEMES), facts, context.spending);
  await readSecrets(facts, bytes);
};

const NET = messageType(CAFFE, 'NetParameter');
const SCHEMES = { 'LayerParameter.type': 'caffe-layer', 'PythonParameter.module': 'caffe-python' };
