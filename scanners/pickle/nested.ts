// SPDX-License-Identifier: Apache-2.0
import { BUDGETS } from '../budgets.ts';
import { type Facts, type MemberFacts, newFacts } from '../facts.ts';
import type { Context } from '../formats/context.ts';
import { type Bytes, RandomBytes } from '../io/bytes.ts';
import type { GivenBytes } from './loaders.ts';

/** What `torch.load` takes. */
const TORCH_FILES: ReadonlySet<string> = new Set(['torch-zip', 'torch-legacy']);

/** Read the bytes that a pickle gives to loaders, as the files that they are; those that can not be read are a problem. */
export async function readGivenBytes(
  facts: Facts,
  given: Iterable<GivenBytes>,
  bytes: Bytes,
  context: Context,
): Promise<void> {
  for (const one of given) {
    context.spending.spend('members', 1);
    const content = contentOf(one, bytes);
    const member: MemberFacts = {
      ...newFacts('unknown', content?.size ?? one.length),
      name: `(bytes for ${one.loader} at byte ${one.offset})`,
      offset: one.offset,
    };
    facts.members ??= [];
    facts.members.push(member);
    if (content !== undefined) await context.extractInner(member, content);
    if (one.only && !TORCH_FILES.has(member.format))
      facts.problems.push({
        code: 'pickle-given-bytes',
        offset: one.offset,
        detail: `${one.loader} is given ${content === undefined ? 'bytes that can not be read' : member.format}`,
      });
  }
}

function contentOf({ offset, length, asText }: GivenBytes, { random }: Bytes): RandomBytes | undefined {
  if (random === undefined || asText === false) return random?.slice(offset, length);
  if (length > BUDGETS.heldBytes) return undefined;
  const text = asText === true ? Buffer.from(random.readAt(offset, length)).toString('utf8') : asText;
  return isLatin1(text) ? RandomBytes.ofMemory(Buffer.from(text, 'latin1')) : undefined;
}

function isLatin1(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0xff) return false;
  return true;
}
