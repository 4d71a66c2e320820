// SPDX-License-Identifier: Apache-2.0
import { type MemberFacts, newFacts } from '../facts.ts';
import { type Compression, inflate } from '../io/inflate.ts';
import type { Extractor } from './context.ts';

export const gzip = compressed('gzip');
export const zlib = compressed('zlib');
export const zstd = compressed('zstd');

/** One compressed stream and nothing else: its content is a member of its own. */
function compressed(compression: Compression): Extractor {
  return async (facts, bytes, context) => {
    if (bytes.random === undefined) {
      facts.problems.push({ code: 'compressed-twice', detail: `a large ${compression} stream inside another` });
      return;
    }
    const inflated = await inflate(bytes.random, compression, context.spending);
    if (inflated.broken)
      facts.problems.push({ code: 'compressed-broken', offset: inflated.consumed, detail: inflated.broken });
    else if (inflated.consumed < bytes.size)
      facts.problems.push({ code: 'trailing-bytes', offset: inflated.consumed, detail: 'bytes after the stream' });
    const inner: MemberFacts = { ...newFacts('unknown', inflated.bytes.size), name: 'content', offset: 0 };
    facts.members = [inner];
    await context.extractInner(inner, inflated.bytes);
  };
}
