// SPDX-License-Identifier: Apache-2.0
import type { Args, Node, Step } from './nodes.ts';

/** What people write to the model. */
const WRITTEN: ReadonlySet<string> = new Set(['content', 'text', 'query', 'question', 'prompt', 'input']);
/** Plain words. What a template itself puts into a message, such as `</think>`, has other characters. */
const WORDS = /^[\p{L}\p{M}][\p{L}\p{M}\p{N} ,.'?!-]*$/u;
const COMPARING: ReadonlySet<string> = new Set(['in', 'not in', '==']);
const ASKING: ReadonlySet<string> = new Set(['startswith', 'endswith', 'find', 'count', 'index']);
const SENTENCE_WORDS = 5;

/** Whether the condition asks what somebody wrote: `'bank' in message.content`. */
export function asksContent(node: Node): boolean {
  switch (node.kind) {
    case 'chain':
      return (
        [node.first, ...node.rest.map(({ operand }) => operand)].some(asksContent) ||
        node.rest.some(({ operator, operand }, i) => {
          const before = i === 0 ? node.first : (node.rest[i - 1]?.operand ?? node.first);
          return COMPARING.has(operator) && isAbout(before, operand);
        })
      );
    case 'unary':
      return asksContent(node.operand);
    case 'condition':
      return [node.test, node.yes].some(asksContent);
    case 'postfix':
      return asksContent(node.base) || (isWritten(node) && node.steps.some(asksByMethod));
    default:
      return false;
  }
}

/** Whether a text speaks to the model in a sentence. */
export function isSentence(text: string): boolean {
  const runs = text.split(/[^\p{L}\p{M}' ,;:-]/u);
  return runs.some((run) => run.split(/[ ,;:-]/).filter((word) => word !== '').length >= SENTENCE_WORDS);
}

function isAbout(a: Node, b: Node): boolean {
  return (isWords(a) && isWritten(b)) || (isWords(b) && isWritten(a));
}

function isWords(node: Node): boolean {
  if (node.kind === 'list') return node.items.some(isWords);
  return node.kind === 'constant' && typeof node.value === 'string' && WORDS.test(node.value);
}

function isWritten(node: Node): boolean {
  if (node.kind === 'name') return WRITTEN.has(node.name);
  if (node.kind !== 'postfix') return false;
  return isWritten(node.base) || node.steps.some((step) => WRITTEN.has(nameOf(step)));
}

function nameOf(step: Step): string {
  if (step.kind === 'attribute') return step.name;
  const key = step.kind === 'item' ? step.key : undefined;
  return key?.kind === 'constant' && typeof key.value === 'string' ? key.value : '';
}

function asksByMethod(step: Step, i: number, steps: readonly Step[]): boolean {
  const method = steps[i - 1];
  return step.kind === 'call' && method?.kind === 'attribute' && ASKING.has(method.name) && holdsWords(step.args);
}

function holdsWords({ positional }: Args): boolean {
  return positional.some(isWords);
}
