// SPDX-License-Identifier: Apache-2.0
import type { Release, ReleaseFile } from '#src/domain/release.ts';
import type { Contents } from './contents.ts';
import { given, word } from './plain.ts';

/** What the head of a GGUF file says of its model. */
export interface GgufInfo {
  total: number;
  architecture?: string;
  context_length?: number;
  chat_template?: string;
}

/** How far into a file is read: vocabularies of several megabytes lie before the list of tensors. */
const READS = [2 ** 20, 8 * 2 ** 20, 32 * 2 ** 20];
/** This is read where requests are answered, so that a head that goes on for ever must end: real ones are far below. */
const MAX_PAIRS = 10_000;
const MAX_TENSORS = 200_000;
const MAX_PARTS = 64;
/** Of all parts together: behind the first one, which has the vocabulary, a head is short. */
const MAX_READ = 128 * 2 ** 20;
const MAX_DIMENSIONS = 8;
const MAX_TEMPLATE = 128 * 1024;

const PART = /^(.*)-\d{5}-of-(\d{5})\.gguf$/;
/** Not the model itself: its eyes, its draft, its statistics. */
const BESIDE = /mmproj|imatrix|draft/i;

/** Bytes of a value by its type; strings (8) and arrays (9) say theirs. */
const WIDTHS: Readonly<Record<number, number>> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  4: 4,
  5: 4,
  6: 4,
  7: 1,
  10: 8,
  11: 8,
  12: 8,
};

class TooShort extends Error {}
class NotGguf extends Error {}

/**
 * Of one file of the release, or of all parts of it: quantisations of a model differ in size and not in parameters.
 * Undefined where there is none, or where it can not be read.
 */
export async function describeGguf(
  { files }: Release,
  contents: Pick<Contents, 'bytes'>,
): Promise<GgufInfo | undefined> {
  const models = [...files.values()].filter(({ path }) => path.endsWith('.gguf') && !BESIDE.test(path));
  const parts = partsOf(models);
  if (parts.length === 0 || parts.length > MAX_PARTS) return undefined;
  const budget = { left: MAX_READ };
  let found: GgufInfo | undefined;
  for (const file of parts) {
    const head = await readHead(file, contents, budget);
    if (!head) return undefined;
    found = { ...head, ...found, total: head.total + (found?.total ?? 0) };
  }
  return found && Number.isSafeInteger(found.total) && found.total > 0 ? found : undefined;
}

function partsOf(files: readonly ReleaseFile[]): readonly ReleaseFile[] {
  const whole = files.find(({ path }) => !PART.test(path));
  if (whole) return [whole];
  const [, name, count] = PART.exec(files[0]?.path ?? '') ?? [];
  const parts = files.filter(({ path }) => PART.exec(path)?.[1] === name);
  return parts.length === Number(count) ? parts : [];
}

async function readHead(
  file: ReleaseFile,
  { bytes }: Pick<Contents, 'bytes'>,
  budget: { left: number },
): Promise<GgufInfo | undefined> {
  for (const length of READS) {
    budget.left -= Math.min(length, file.size);
    if (budget.left < 0) return undefined;
    const head = await bytes(file, 0, length);
    if (!head) return undefined;
    try {
      return parseHead(head);
    } catch (error) {
      if (!(error instanceof TooShort)) return undefined;
      if (head.length >= file.size) return undefined;
    }
  }
  return undefined;
}

/** @throws TooShort when the head goes on behind the bytes; NotGguf */
function parseHead(bytes: Buffer): GgufInfo {
  const cursor = new Cursor(bytes);
  if (cursor.u32() !== 0x46554747) throw new NotGguf();
  const version = cursor.u32();
  if (version !== 2 && version !== 3) throw new NotGguf();
  const [tensors, pairs] = [cursor.count(), cursor.count()];
  if (pairs > MAX_PAIRS || tensors > MAX_TENSORS) throw new NotGguf();
  const known = new Map<string, string | number>();
  for (let i = 0; i < pairs; i++) {
    const key = cursor.string().toString('utf8');
    const value = cursor.value(cursor.u32());
    if (value !== undefined && /^general\.architecture$|\.context_length$|^tokenizer\.chat_template$/.test(key))
      known.set(key, value);
  }
  let total = 0;
  for (let i = 0; i < tensors; i++) total += cursor.tensor();
  if (!Number.isSafeInteger(total)) throw new NotGguf();
  return described(total, known);
}

function described(total: number, known: ReadonlyMap<string, string | number>): GgufInfo {
  const architecture = word(known.get('general.architecture'));
  const context = known.get(`${architecture}.context_length`);
  const template = known.get('tokenizer.chat_template');
  return given({
    total,
    architecture,
    context_length: typeof context === 'number' ? context : undefined,
    chat_template: typeof template === 'string' && template.length <= MAX_TEMPLATE ? template : undefined,
  });
}

/** Reads forward, and allocates nothing that the file asks for. */
class Cursor {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  u32(): number {
    return this.#bytes.readUInt32LE(this.#skip(4));
  }

  /** In two halves: a vocabulary has a million of them, and a BigInt for each takes seconds. */
  count(): number {
    const start = this.#skip(8);
    const count = this.#bytes.readUInt32LE(start) + this.#bytes.readUInt32LE(start + 4) * 2 ** 32;
    if (!Number.isSafeInteger(count)) throw new NotGguf();
    return count;
  }

  string(): Buffer {
    const length = this.count();
    const start = this.#skip(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** A string or a whole number; anything else is passed over. */
  value(type: number): string | number | undefined {
    if (type === 8) return this.string().toString('utf8');
    if (type === 9) return this.#array();
    const width = WIDTHS[type];
    if (width === undefined) throw new NotGguf();
    const start = this.#skip(width);
    if (type === 4) return this.#bytes.readUInt32LE(start);
    return undefined;
  }

  /** The elements of a tensor, from its name, its dimensions, its type and its place. */
  tensor(): number {
    this.#skip(this.count());
    const dimensions = this.u32();
    if (dimensions > MAX_DIMENSIONS) throw new NotGguf();
    let elements = 1;
    for (let i = 0; i < dimensions; i++) elements *= this.count();
    this.#skip(12);
    return elements;
  }

  #array(): undefined {
    const type = this.u32();
    const count = this.count();
    const width = WIDTHS[type];
    if (width !== undefined) this.#skip(width * count);
    else if (type === 8) this.#skipStrings(count);
    else throw new NotGguf();
  }

  /** Vocabularies: a million strings, so that there is no call for each. */
  #skipStrings(count: number): void {
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length);
    let at = this.#at;
    for (let i = 0; i < count; i++) {
      if (at + 8 > view.byteLength) throw new TooShort();
      at += 8 + view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
    }
    this.#at = at;
    this.#skip(0);
  }

  /** Where the next `length` bytes begin. */
  #skip(length: number): number {
    const start = this.#at;
    if (start + length > this.#bytes.length) throw new TooShort();
    this.#at += length;
    return start;
  }
}
