// SPDX-License-Identifier: Apache-2.0

import { NameReader } from '../protobuf/name-reader.ts';
import { messageType } from '../protobuf/schema.ts';
import { COREML } from '../protobuf/schemas/coreml.ts';
import { walkProtobuf } from '../protobuf/walk.ts';
import type { Extractor } from './context.ts';

/** Core ML's `Model.proto` with all model types, pipelines and ML programs: what it names beyond itself. */
export const coreml: Extractor = async (facts, bytes, context) => {
  const reader = new NameReader(facts, {
    'CustomModel.className': 'coreml-custom',
    'CustomLayerParams.className': 'coreml-custom',
    'Value.BlobFileValue.fileName': 'coreml-blob-path',
    'StringParameter.defaultValue': 'coreml-linked',
    'SerializedModel.identifier': 'coreml-opaque',
  });
  await walkProtobuf(bytes, messageType(COREML, 'Model'), reader, facts, context.spending);
};
