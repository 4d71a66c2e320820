// SPDX-License-Identifier: Apache-2.0
import { Spending } from './budgets.ts';
import { newFacts } from './facts.ts';
import type { Bytes } from './io/bytes.ts';
import { wideJson } from './json/wide.ts';
import { isPickleStart, magicOf } from './magic.ts';
import { readPickles } from './pickle/stream.ts';
import { looksWritten } from './text/decode.ts';
import { findEnd } from './zip/end.ts';

/** Formats without a magic number: each looks at the grammar of the whole, and claims nothing that is not its own. */
export type Recogniser = (bytes: Bytes, head: Uint8Array) => string | undefined | Promise<string | undefined>;

/** Loaded when it is asked: most content announces itself, and a process that reads one pickle should begin at once. */
type LoadRecogniser = () => Promise<Recogniser>;

const ubjsonOf: LoadRecogniser = async () => (await import('./ubjson/recognise.ts')).recogniseUbjson;
const xmlOf: LoadRecogniser = async () => (await import('./xml/sniff.ts')).recogniseXml;

const tiktokenOf: LoadRecogniser = async () => (await import('./plain/tiktoken.ts')).recogniseTiktoken;

/** Asked in this order, once nothing announced itself in the first bytes. */
const BINARY_RECOGNISERS: readonly LoadRecogniser[] = [
  // A checksum, a magic number at the end, or a header that no compressor writes: surer than a bare lzma header.
  async () => (await import('./tensorflow/recognise.ts')).recogniseTfrecord,
  async () => (await import('./tensorflow/table.ts')).recogniseTable,
  async () => (await import('./plain/ctranslate2.ts')).recogniseCtranslate2,
  async () => (await import('./plain/llama2c.ts')).recogniseLlama2c,
  async () => (await import('./plain/word2vec.ts')).recogniseWord2vec,
  tiktokenOf,
  async () => (await import('./formats/coreml-blob.ts')).recogniseCoremlBlob,
  async () => (await import('./formats/paddle-parameters.ts')).recognisePaddleParameters,
  ubjsonOf,
  async () => (await import('./xgboost/recognise.ts')).recogniseXgboost,
  async () => (await import('./compression/recognise.ts')).compressedOf,
  async () => recogniseDiskImage,
  async () => (await import('./tar/header.ts')).tarWithoutMagic,
  xmlOf,
  async () => (await import('./columnar/sniff.ts')).recogniseArrowStream,
  async () => (await import('./hdf5/superblock.ts')).hdf5BehindUserBlock,
  async () => (await import('./msgpack/recognise.ts')).recogniseMsgpack,
  async () => (await import('./protobuf/recognise.ts')).recogniseProtobuf,
  async () => (await import('./formats/zeros.ts')).recogniseZeros,
];
const TEXT_RECOGNISERS: readonly LoadRecogniser[] = [
  tiktokenOf,
  async () => (await import('./lightgbm/recognise.ts')).recogniseLightgbm,
  async () => (await import('./compression/recognise.ts')).compressedOf,
  xmlOf,
  async () => (await import('./hdf5/superblock.ts')).hdf5BehindUserBlock,
  async () => (await import('./protobuf/recognise.ts')).recogniseProtobuf,
  async () => (await import('./protobuf/recognise-text.ts')).recogniseProtobufText,
];

/** What the content is, from the content alone; the name is a second opinion that only the rules know. */
export async function sniff(bytes: Bytes): Promise<string> {
  if (bytes.size === 0) return 'empty';
  const head = bytes.head();
  const magic = magicOf(head);
  if (magic !== undefined) return magic;
  if (isPickleStart(head)) return 'pickle';
  if (looksLikeSafetensors(head)) return 'safetensors';
  if (wideJson(head) !== undefined) return 'json';
  if (hasWideMark(bytes, head)) return (await firstOf([xmlOf], bytes, head)) ?? 'text';
  if (head.includes(0)) return sniffBinary(bytes, head);
  if (looksLikeJson(head)) return (await firstOf([ubjsonOf], bytes, head)) ?? 'json';
  if (!isUtf8(head)) return (await runsAsPickle(bytes, true)) ? 'pickle' : sniffBinary(bytes, head);
  if (await runsAsPickle(bytes, true)) return 'pickle';
  return (await firstOf(TEXT_RECOGNISERS, bytes, head)) ?? 'text';
}

/** Disk images of macOS are known by their last 512 bytes, which begin with `koly`, a version and their own length. */
function recogniseDiskImage({ random, size }: Bytes): string | undefined {
  const last = Buffer.from(random?.readAt(size - 512, 12) ?? []).toString('latin1');
  return last === 'koly\0\0\0\x04\0\0\x02\0' ? 'dmg' : undefined;
}

async function sniffBinary(bytes: Bytes, head: Uint8Array): Promise<string> {
  if (head.includes(0) && (await runsAsPickle(bytes, false))) return 'pickle';
  const known = await firstOf(BINARY_RECOGNISERS, bytes, head);
  if (known !== undefined) return known;
  const found = zipByItsEnd(bytes);
  return found === 'unknown' && isLatinText(head) ? 'text' : found;
}

/** A byte order mark of UTF-16, and an even number of bytes. */
function hasWideMark(bytes: Bytes, [first, second]: Uint8Array): boolean {
  return bytes.size % 2 === 0 && ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff));
}

/** Mostly ASCII, and no control characters: text of the time before UTF-8. */
function isLatinText(head: Uint8Array): boolean {
  let high = 0;
  for (const byte of head) if (byte >= 0x80) high++;
  return high * 3 < head.length && looksWritten(Buffer.from(head).toString('latin1'));
}

async function firstOf(
  recognisers: readonly LoadRecogniser[],
  bytes: Bytes,
  head: Uint8Array,
): Promise<string | undefined> {
  for (const load of recognisers) {
    const recognise = await load();
    const format = await recognise(bytes, head);
    if (format !== undefined) return format;
  }
  return undefined;
}

/** Eight bytes of length, then the header's brace. A text never holds the length's zero bytes. */
function looksLikeSafetensors(head: Uint8Array): boolean {
  return head.length >= 9 && head[8] === 0x7b && head[7] === 0 && head[6] === 0 && head[5] === 0;
}

function looksLikeJson(head: Uint8Array): boolean {
  const start = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0;
  const first = head.subarray(start).find((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d);
  return first === 0x7b || first === 0x5b;
}

/** An archive may follow anything: readers find it from its end. */
function zipByItsEnd(bytes: Bytes): string {
  const found = bytes.random && findEnd(bytes.random);
  return found !== undefined && found.candidates > 0 ? 'zip' : 'unknown';
}

/** The beginning may end in the middle of a character. */
function isUtf8(head: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/**
 * Pickles of protocols 0 and 1 have no magic, and any text may begin like one: they are known by running them. A
 * pickle is what came to a STOP with something imported, what made a call, or what ends exactly with its STOP. In text
 * the names must also look like Python's, since a sentence that begins with "c" is not an import.
 */
async function runsAsPickle(bytes: Bytes, isText: boolean): Promise<boolean> {
  const stream = await readPickles(newFacts('pickle', bytes.size), bytes, new Spending());
  const { record } = stream;
  if (isText && !record.namesAreIdentifiers) return false;
  return stream.clean || record.called || (record.count > 0 && record.reaches);
}
