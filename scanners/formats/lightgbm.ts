// SPDX-License-Identifier: Apache-2.0
import { LightgbmGrammar } from '../lightgbm/grammar.ts';
import { linesOf } from '../lightgbm/lines.ts';
import { UseList } from '../uses.ts';
import type { Extractor } from './context.ts';
import { readSecrets, text } from './text.ts';

/**
 * A model of LightGBM (`gbdt_model_text.cpp`), read line by line. A file with a line that the grammar does not know, or
 * with what other readers act on, is read as the text that it may be instead.
 */
export const lightgbm: Extractor = async (facts, bytes, context) => {
  const grammar = new LightgbmGrammar(new UseList(facts));
  let number = 0;
  let wrong: { offset?: number; detail: string } | undefined;
  for await (const line of linesOf(bytes)) {
    number++;
    const detail = line === undefined ? 'the line is too long, or no UTF-8' : grammar.line(line);
    if (detail === undefined) continue;
    wrong = { ...(line && { offset: line.offset }), detail: `line ${number}: ${detail}` };
    break;
  }
  const missing = wrong ? undefined : grammar.end(bytes.size);
  if (missing !== undefined) wrong = { detail: missing };
  if (wrong === undefined && !grammar.active) return readSecrets(facts, bytes);
  facts.format = 'text';
  if (wrong !== undefined) facts.problems.push({ code: 'lightgbm-malformed', ...wrong });
  await text(facts, bytes, context);
};
