// SPDX-License-Identifier: Apache-2.0
import type { Bytes } from '../io/bytes.ts';

export const PARAMETER_BYTES = 136;
/** Before a model that was kept with its configuration; the length of the model follows. */
export const SNAPSHOT_HEADER = 'CONFIG-offset:';
const MODEL_HEADER = 'binf';
const OBJECTIVE = /^[a-z]{2,20}:[a-z0-9_]{2,40}$/;
const BOOSTERS: ReadonlySet<string> = new Set(['gbtree', 'gblinear', 'dart']);

/** Where the parameters of the learner begin, behind what headers there are. */
export function learnerStart(head: Uint8Array): number {
  let at = textAt(head, 0, SNAPSHOT_HEADER.length) === SNAPSHOT_HEADER ? SNAPSHOT_HEADER.length + 8 : 0;
  if (textAt(head, at, MODEL_HEADER.length) === MODEL_HEADER) at += MODEL_HEADER.length;
  return at;
}

/** XGBoost's own binary has no magic: it is known by the names of an objective and a booster behind the parameters. */
export function recogniseXgboost(_bytes: Bytes, head: Uint8Array): string | undefined {
  const at = learnerStart(head) + PARAMETER_BYTES;
  const objective = prefixed(head, at);
  const booster = prefixed(head, at + 8 + objective.length);
  return OBJECTIVE.test(objective) && BOOSTERS.has(booster) ? 'xgboost' : undefined;
}

/** A text behind its length in eight bytes; empty where there is none so short. */
function prefixed(head: Uint8Array, at: number): string {
  const length = head[at] ?? 0;
  const rest = head.subarray(at + 1, at + 8);
  return rest.length === 7 && rest.every((byte) => byte === 0) ? textAt(head, at + 8, length) : '';
}

function textAt(head: Uint8Array, at: number, length: number): string {
  return Buffer.from(head.subarray(at, at + length)).toString('latin1');
}
