// SPDX-License-Identifier: Apache-2.0

import { gzip, zlib, zstd } from './compressed.ts';
import type { Extractor } from './context.ts';
import { gguf } from './gguf.ts';
import { gif, jpeg, png, webp } from './image.ts';
import { json } from './json.ts';
import { npy } from './npy.ts';
import { pickle } from './pickle.ts';
import { safetensors } from './safetensors.ts';
import { tar } from './tar.ts';
import { text } from './text.ts';
import { zip } from './zip.ts';

/** Every format that is read to its end. A sniffed format that is missing here is `review` by rules/formats.yaml. */
export const EXTRACTORS: Readonly<Record<string, Extractor>> = {
  gguf,
  gif,
  gzip,
  jpeg,
  json,
  npy,
  pickle,
  png,
  safetensors,
  tar,
  text,
  webp,
  zip,
  zlib,
  zstd,
};
