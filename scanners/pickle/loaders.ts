// SPDX-License-Identifier: Apache-2.0
import { isCodecsEncode } from './known-calls.ts';
import type { GlobalValue, Value } from './values.ts';

/** Bytes of the file that the pickle gives to a loader. */
export interface GivenBytes {
  readonly loader: string;
  readonly offset: number;
  readonly length: number;
  /** Protocols 0 to 2 have no bytes: they are written as text, one letter a byte; short text is here already. */
  readonly asText: boolean | string;
  /** The loader does nothing but load them, so that the call is as good or bad as they are. */
  readonly only: boolean;
}

/**
 * `torch.storage._load_from_bytes(b)` is `torch.load(io.BytesIO(b), weights_only=False)`: how a tensor writes its
 * storage into a pickle that is not torch's own.
 */
const TORCH = 'torch.storage._load_from_bytes';

/** Refused whatever they are given; what that is tells a reader what the file is after. */
const REFUSED: ReadonlySet<string> = new Set([
  ...['pickle', '_pickle', 'cPickle', 'pickle5', 'dill', 'dill._dill', 'cloudpickle', 'marshal'].map(
    (m) => `${m}.loads`,
  ),
  ...['zlib', 'gzip', 'bz2', 'lzma'].map((m) => `${m}.decompress`),
  'io.BytesIO',
  '_io.BytesIO',
]);

/** `at`: where the call is. */
export function givenBytes(callee: GlobalValue, args: Value, at: number): GivenBytes | undefined {
  const loader = `${callee.module}.${callee.name}`;
  const only = loader === TORCH;
  if (!only && !REFUSED.has(loader)) return undefined;
  const items = typeof args === 'object' && args?.kind === 'tuple' ? args.items : undefined;
  if (items === undefined || (only && items.length !== 1)) return undefined;
  const [first] = items;
  const bytes = isCodecsEncode(first) ? first.args.items?.[0] : first;
  const asText = bytes !== first;
  if (asText && typeof bytes === 'string') return { loader, offset: at, length: bytes.length, asText: bytes, only };
  if (typeof bytes !== 'object' || bytes === null || bytes.kind !== (asText ? 'text' : 'bytes')) return undefined;
  const { offset, length } = bytes;
  if (offset === undefined || length === undefined) return undefined;
  return { loader, offset, length, asText, only };
}
