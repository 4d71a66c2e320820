// SPDX-License-Identifier: Apache-2.0
import { BUDGETS, type Spending } from '../budgets.ts';
import type { Facts } from '../facts.ts';
import type { Bytes, RandomBytes } from '../io/bytes.ts';
import { endsOf } from '../io/forward.ts';
import { noteTail } from '../io/tail.ts';
import { MalformedJson } from '../json/walk.ts';
import { MetadataLicenses } from '../license/metadata.ts';
import { payloadName } from '../magic.ts';
import { HeaderReader } from '../safetensors/header.ts';
import { UseList } from '../uses.ts';
import { findEnd } from '../zip/end.ts';
import { archiveFromEnd } from '../zip/polyglot.ts';
import type { Extractor } from './context.ts';
import { walkJson } from './json.ts';

const PADDING_BYTES = 4096;
/** An archive is found from its end: its record and the longest comment. */
const TAIL_BYTES = 128 * 1024;
/** Shorter texts of these letters are words. */
const ENCODED = /^(?:data:[\w/.+-]*;base64,)?([A-Za-z0-9+/_-]{48,})/;

/**
 * The specification in the README of safetensors and what `Metadata::validate` of its `tensor.rs` refuses. The header
 * and the file's length say everything: the tensors' own bytes are data and are not read.
 */
export const safetensors: Extractor = async (facts, bytes, context) => {
  const problem = problemsOf(facts);
  const length = Number(Buffer.from(bytes.head().subarray(0, 8)).readBigUInt64LE());
  if (length > BUDGETS.safetensorsHeader)
    return void problem(0, `a header of ${length} bytes; 100,000,000 are allowed`);
  if (length < 2 || 8 + length > bytes.size)
    return void problem(0, `a header of ${length} bytes in a file of ${bytes.size}`);
  const ends = await endsOf(bytes, 8 + length, TAIL_BYTES);
  const end = await readHeader(facts, ends.start.slice(8, length));
  if (end !== undefined) await checkEnd(facts, bytes, bytes.random ?? ends.end, 8 + length + end, context.spending);
};

function problemsOf(facts: Facts): (offset: number, detail: string) => void {
  return (offset, detail) => void facts.problems.push({ code: 'safetensors-malformed', offset, detail });
}

/** Where the last tensor ends, counted from the end of the header. */
async function readHeader(facts: Facts, region: RandomBytes): Promise<number | undefined> {
  const problem = problemsOf(facts);
  const uses = new UseList(facts);
  const licenses = new MetadataLicenses(facts);
  const header = new HeaderReader((key, value) => {
    licenses.read(key, value);
    const payload = encodedPayload(value);
    if (payload !== undefined)
      uses.add('safetensors-metadata', payload, `__metadata__ ${JSON.stringify(key.slice(0, 80))}`);
  });
  try {
    await walkJson(region, header);
  } catch (error) {
    if (!(error instanceof MalformedJson)) throw error;
    return void problem(8 + error.offset, `the header is not well-formed: ${error.message}`);
  }
  for (const detail of header.problems()) problem(8, detail);
  const padding = region.readAt(Math.max(0, region.size - PADDING_BYTES), PADDING_BYTES);
  const closing = padding.lastIndexOf(0x7d);
  if (padding.subarray(closing + 1).some((byte) => byte !== 0x20))
    problem(8 + region.size, 'the header is padded with something else than spaces');
  return header.end;
}

/** `last` is all of the file, or its last bytes where it can only be read forward. */
async function checkEnd(facts: Facts, bytes: Bytes, last: RandomBytes, end: number, spending: Spending): Promise<void> {
  const before = bytes.size - last.size;
  if (end > bytes.size) problemsOf(facts)(bytes.size, `the tensors end at byte ${end}`);
  if (end < before) problemsOf(facts)(end, `${bytes.size - end} bytes after the last tensor`);
  else if (end < bytes.size) {
    const known = facts.problems.length;
    await noteTail(facts, last, end - before, 'the last tensor', spending);
    for (const problem of facts.problems.slice(known)) problem.offset = (problem.offset ?? 0) + before;
  }
  if (before > 0 && (findEnd(last)?.candidates ?? 0) > 0)
    facts.problems.push({ code: 'safetensors-archive', offset: before, detail: 'the end record of an archive' });
  const archive = end === bytes.size ? archiveFromEnd(last) : undefined;
  if (archive === undefined) return;
  const detail = `an archive, from ${JSON.stringify(archive.name.slice(0, 80))} on`;
  facts.problems.push({ code: 'safetensors-archive', offset: archive.at, detail });
}

/** A pickle, archive or program in base64. */
function encodedPayload(value: string): string | undefined {
  const encoded = ENCODED.exec(value)?.[1];
  return encoded === undefined ? undefined : payloadName(Buffer.from(encoded.slice(0, 1024), 'base64'));
}
