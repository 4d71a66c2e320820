// SPDX-License-Identifier: Apache-2.0
import type { RandomBytes } from '../io/bytes.ts';
import { bzip2 } from './bzip2.ts';
import type { Decoder } from './decoder.ts';
import { deflate, deflate64, gzip, zlib } from './deflate.ts';
import { lz4 } from './lz4.ts';
import { lzmaAlone } from './lzma.ts';
import { xz } from './xz.ts';
import { zstd } from './zstd.ts';

export type Decode = (source: RandomBytes) => Decoder;

/** Every compression that is read, by the name of its format. */
export const DECODERS = { bzip2, deflate, deflate64, gzip, lz4, lzma: lzmaAlone, xz, zlib, zstd } satisfies Record<
  string,
  Decode
>;

export type Compression = keyof typeof DECODERS;
