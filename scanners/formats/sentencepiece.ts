// SPDX-License-Identifier: Apache-2.0
import { messageType } from '../protobuf/schema.ts';
import { SENTENCEPIECE } from '../protobuf/schemas/sentencepiece.ts';
import { walkProtobuf } from '../protobuf/walk.ts';
import type { Extractor } from './context.ts';

/** `sentencepiece_model.proto`: a vocabulary and its settings. It names nothing that a reader would open. */
export const sentencepiece: Extractor = (facts, bytes, context) =>
  walkProtobuf(bytes, messageType(SENTENCEPIECE, 'ModelProto'), { keep: {} }, facts, context.spending);
