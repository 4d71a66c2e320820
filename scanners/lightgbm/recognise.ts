// SPDX-License-Identifier: Apache-2.0
import type { Bytes } from '../io/bytes.ts';

const HEAD = /^tree\r?\n(?:version=v\d{1,3}|num_class=\d{1,9})\r?\n/;

/** A model that LightGBM wrote as text begins with the kind of its boosting, which is `tree` for all of them. */
export function recogniseLightgbm(_bytes: Bytes, head: Uint8Array): string | undefined {
  return HEAD.test(Buffer.from(head.subarray(0, 64)).toString('latin1')) ? 'lightgbm' : undefined;
}
