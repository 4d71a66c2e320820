// SPDX-License-Identifier: Apache-2.0

import { NameReader } from '../protobuf/name-reader.ts';
import { messageType } from '../protobuf/schema.ts';
import { CAFFE } from '../protobuf/schemas/caffe.ts';
import { walkProtobuf } from '../protobuf/walk.ts';
import type { Extractor } from './context.ts';

/** Caffe's `NetParameter`: layers by their type. What a layer's own parameters say is passed over. */
export const caffe: Extractor = async (facts, bytes, context) => {
  const reader = new NameReader(facts, {
    'LayerParameter.type': 'caffe-layer',
    'PythonParameter.module': 'caffe-python',
  });
  await walkProtobuf(bytes, messageType(CAFFE, 'NetParameter'), reader, facts, context.spending);
};
