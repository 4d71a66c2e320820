// SPDX-License-Identifier: Apache-2.0
import { type Spending, within } from '../budgets.ts';
import type { Facts } from '../facts.ts';
import { GgufInput, MalformedGguf } from '../gguf/input.ts';
import { readMetadata, short } from '../gguf/metadata.ts';
import { readTensors, type TensorRange } from '../gguf/tensors.ts';
import type { Bytes } from '../io/bytes.ts';
import { EndOfBytes } from '../io/cursor.ts';
import { noteTail } from '../io/tail.ts';
import { addProblem } from '../problems.ts';
import type { Extractor } from './context.ts';

/**
 * ggml's `docs/gguf.md`, versions 1 to 3 in both byte orders: header, metadata, tensor descriptions, then the data,
 * each tensor where the one before it ends. Counts and lengths are checked against the file before they are believed;
 * tensor bytes are not read, what lies between them is.
 */
export const gguf: Extractor = async (facts, bytes, { spending }) => {
  const input = new GgufInput(bytes.cursor(), bytes.size);
  try {
    await read(facts, bytes, input, spending);
  } catch (error) {
    if (!(error instanceof EndOfBytes) && !(error instanceof MalformedGguf)) throw error;
    const detail = error instanceof EndOfBytes ? 'the file ends inside the header' : error.message;
    facts.problems.push({ code: 'gguf-malformed', offset: input.cursor.offset, detail });
  }
};

async function read(facts: Facts, bytes: Bytes, input: GgufInput, spending: Spending): Promise<void> {
  await input.ready(24);
  input.cursor.take(4);
  readVersion(facts, input);
  const tensors = input.count('tensors', input.shortCounts ? 20 : 24);
  within('tensors', tensors);
  const pairs = input.count('metadata entries', input.shortCounts ? 9 : 13);
  const { alignment } = await readMetadata(facts, input, pairs);
  const ranges = await readTensors(facts, input, tensors, alignment);
  const end = checkData(facts, bytes, ranges, input.cursor.offset, alignment);
  if (end === undefined) return;
  if (bytes.random) await noteTail(facts, bytes.random, end, 'the last tensor', spending);
  else facts.problems.push({ code: 'trailing-bytes', offset: end, detail: 'bytes after the last tensor' });
}

/** The version tells the byte order: read the wrong way round, its lower half is empty. */
function readVersion(facts: Facts, input: GgufInput): void {
  let version = input.u32();
  if ((version & 0xffff) === 0 && version !== 0) {
    input.bigEndian = true;
    version = Buffer.from([
      version & 0xff,
      (version >>> 8) & 0xff,
      (version >>> 16) & 0xff,
      version >>> 24,
    ]).readUInt32BE();
    facts.problems.push({ code: 'gguf-big-endian', offset: 4, detail: 'for machines of the other byte order' });
  }
  if (version < 1 || version > 3) throw new MalformedGguf(`version ${version} is not known`);
  input.shortCounts = version === 1;
  if (version === 1) facts.problems.push({ code: 'gguf-version', offset: 4, detail: 'version 1' });
}

/**
 * Each tensor begins where the one before it ends, padded; the file ends with the last one or its padding. Returns
 * where that is, when there is more behind it.
 */
function checkData(
  facts: Facts,
  bytes: Bytes,
  ranges: readonly TensorRange[],
  headerEnd: number,
  alignment: number,
): number | undefined {
  const aligned = (offset: number) => Math.ceil(offset / alignment) * alignment;
  const start = aligned(headerEnd);
  const ordered = [...ranges].sort((a, b) => a.begin - b.begin || (a.end ?? a.begin) - (b.end ?? b.begin));
  const layout = new Layout(facts, bytes);
  layout.padding(headerEnd, Math.min(start, bytes.size));
  let end: number | undefined = 0;
  for (const { name, begin, end: own } of ordered) {
    if (end !== undefined && begin < end) throw new MalformedGguf(`tensor ${short(name)} overlaps the one before it`);
    if (end !== undefined && begin > aligned(end)) layout.hole(start + aligned(end), start + begin);
    if (end !== undefined) layout.padding(start + end, start + Math.min(begin, aligned(end)));
    if (own !== undefined && start + own > bytes.size)
      throw new MalformedGguf(`tensor ${short(name)} ends at byte ${start + own}, and the file at ${bytes.size}`);
    end = own;
  }
  if (
    ordered.some((range, i) => range !== ranges[i]) &&
    ranges.some(({ begin }, i) => begin < (ranges[i - 1]?.begin ?? 0))
  )
    facts.problems.push({
      code: 'gguf-layout',
      offset: headerEnd,
      detail: 'the tensors lie in another order than their list',
    });
  if (end === undefined) return undefined;
  const dataEnd = ranges.length === 0 ? headerEnd : start + end;
  const last = Math.min(aligned(dataEnd), bytes.size);
  layout.padding(dataEnd, last);
  return last < bytes.size ? last : undefined;
}

class Layout {
  private readonly facts: Facts;
  private readonly bytes: Bytes;

  constructor(facts: Facts, bytes: Bytes) {
    this.facts = facts;
    this.bytes = bytes;
  }

  hole(from: number, to: number): void {
    this.note('gguf-layout', from, `${to - from} bytes that belong to no tensor`);
  }

  padding(from: number, to: number): void {
    const between = to > from ? this.bytes.random?.readAt(from, to - from) : undefined;
    if (between?.some((byte) => byte !== 0))
      this.note('gguf-padding', from, `${to - from} bytes of padding hold something`);
  }

  private note(code: string, offset: number, detail: string): void {
    addProblem(this.facts, { code, offset, detail });
  }
}
