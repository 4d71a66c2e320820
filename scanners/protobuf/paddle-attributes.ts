// SPDX-License-Identifier: Apache-2.0
import type { UseList } from '../uses.ts';
import { looksLikeCode } from './code-text.ts';

/** Attributes by which Paddle's operators find files. */
const PATH_ATTRIBUTE = /(?:^|_)(?:path|file|filename|file_path|dirname|endpoint|endpoints)$/;

/**
 * A text attribute of an operator. `op_callstack` holds lines of the source that built the program: text for an error
 * message, never run.
 */
export function addPaddleText(uses: UseList, attribute: string, text: string, at: string, offset?: number): void {
  if (attribute === 'op_callstack' || text === '') return;
  if (PATH_ATTRIBUTE.test(attribute)) uses.add('paddle-path', text, `${at} ${attribute}`, offset);
  else if (looksLikeCode(text)) uses.add('paddle-code-text', text, at, offset);
}
