// SPDX-License-Identifier: Apache-2.0
import { type Facts, type MemberFacts, newFacts } from '../facts.ts';
import type { Bytes, RandomBytes } from '../io/bytes.ts';
import { type Compression, type Inflated, inflate } from '../io/inflate.ts';
import { payloadName } from '../magic.ts';
import type { Context, Extractor } from './context.ts';

export const bzip2 = compressed('bzip2');
export const gzip = compressed('gzip');
export const lz4 = compressed('lz4');
export const lzma = compressed('lzma');
export const xz = compressed('xz');
export const zlib = compressed('zlib');
export const zstd = compressed('zstd');

/** One compressed stream and nothing else: its content is a member of its own. */
function compressed(compression: Compression): Extractor {
  return async (facts, bytes, context) => {
    if (bytes.random === undefined) return twice(facts, compression);
    const inflated = await inflate(bytes.random, compression, context.spending);
    await readStream(facts, bytes.random, 0, inflated, context);
  };
}

const ZFILE_HEADER = 21;

/** joblib before 0.10: a header with the length, sometimes one space longer, then zlib (`read_zfile`). */
export const joblibZfile: Extractor = async (facts, bytes, context) => {
  if (bytes.random === undefined) return twice(facts, 'joblib');
  const head = Buffer.from(bytes.random.readAt(0, ZFILE_HEADER + 1)).toString('latin1');
  const start = head[ZFILE_HEADER] === ' ' ? ZFILE_HEADER + 1 : ZFILE_HEADER;
  const inflated = await inflate(bytes.random.slice(start, bytes.size), 'zlib', context.spending);
  const announced = Number.parseInt(head.slice(2, ZFILE_HEADER), 16);
  if (announced !== inflated.bytes.size)
    facts.problems.push({ code: 'compressed-doubt', detail: 'the content is of another length than the header says' });
  await readStream(facts, bytes.random, start, inflated, context);
};

async function readStream(
  facts: Facts,
  source: RandomBytes,
  start: number,
  inflated: Inflated,
  context: Context,
): Promise<void> {
  const end = start + inflated.consumed;
  facts.members = [];
  for (const detail of inflated.doubts) facts.problems.push({ code: 'compressed-doubt', detail });
  if (inflated.broken) facts.problems.push({ code: 'compressed-broken', offset: end, detail: inflated.broken });
  await readInner(facts.members, 'content', 0, inflated.bytes, context);
  if (inflated.broken || end >= source.size) return;
  const tail = source.slice(end, source.size - end);
  const payload = payloadName(tail.head());
  if (payload) facts.problems.push({ code: 'trailing-payload', offset: end, detail: `${payload} after the stream` });
  else facts.problems.push({ code: 'trailing-bytes', offset: end, detail: 'bytes after the stream' });
  await readInner(facts.members, '(after the stream)', end, tail, context);
}

async function readInner(
  members: MemberFacts[],
  name: string,
  offset: number,
  bytes: Bytes,
  context: Context,
): Promise<void> {
  const member: MemberFacts = { ...newFacts('unknown', bytes.size), name, offset };
  members.push(member);
  await context.extractInner(member, bytes);
}

function twice(facts: Facts, compression: string): void {
  facts.problems.push({ code: 'compressed-twice', detail: `a large ${compression} stream inside another` });
}
