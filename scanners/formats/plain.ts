// SPDX-License-Identifier: Apache-2.0
import { laidOut } from '../io/fields.ts';
import { walkCtranslate2 } from '../plain/ctranslate2.ts';
import { walkFaiss } from '../plain/faiss.ts';
import { walkFasttext } from '../plain/fasttext.ts';
import { walkGgml } from '../plain/ggml.ts';
import { walkLlama2c } from '../plain/llama2c.ts';
import { walkTiktoken } from '../plain/tiktoken.ts';
import { walkWord2vec } from '../plain/word2vec.ts';

/** Models of numbers and names and nothing else: each is read from the first field to the last byte. */
export const ctranslate2 = laidOut(walkCtranslate2);
export const faiss = laidOut(walkFaiss);
export const fasttext = laidOut(walkFasttext);
export const ggml = laidOut(walkGgml);
export const llama2c = laidOut(walkLlama2c);
export const tiktoken = laidOut(walkTiktoken);
export const word2vec = laidOut(walkWord2vec);
