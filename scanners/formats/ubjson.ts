// SPDX-License-Identifier: Apache-2.0
import { type Facts, type MemberFacts, newFacts } from '../facts.ts';
import type { Bytes } from '../io/bytes.ts';
import { EndOfBytes } from '../io/cursor.ts';
import { noteTail } from '../io/tail.ts';
import { type JsonPlace, placeText } from '../json/walk.ts';
import { payloadName } from '../magic.ts';
import { sniff } from '../sniff.ts';
import { TextSecrets } from '../text/pairs.ts';
import { MalformedUbjson, type Region, type UbjsonListener, UbjsonWalker } from '../ubjson/walk.ts';
import type { Context, Extractor } from './context.ts';
import { ConfigReader } from './json.ts';

const INNER_BYTES = 64 * 1024 * 1024;
const MOST_BLOBS = 2000;
const SMALLEST_BLOB = 16;
/** Formats that flags and category names look like by chance, or that hold nothing that anybody would run. */
const PLAIN: ReadonlySet<string> = new Set(['unknown', 'empty', 'text', 'zlib', 'zeros', 'protobuf', 'msgpack']);

/**
 * One document of Universal Binary JSON, and nothing behind it: what XGBoost writes. It means what the same JSON means;
 * arrays of bytes are looked into.
 */
export const ubjson: Extractor = async (facts, bytes, context) => {
  const listener = new DocumentReader(facts);
  const walker = new UbjsonWalker(bytes, listener);
  try {
    await walker.walk();
    await reportTail(facts, bytes, walker.offset, context);
  } catch (error) {
    if (!(error instanceof MalformedUbjson) && !(error instanceof EndOfBytes)) throw error;
    facts.problems.push({ code: 'ubjson-malformed', offset: error.offset, detail: error.message });
  }
  listener.end(facts);
  for (const blob of listener.blobs) await readBlob(facts, bytes, blob, context);
};

/** What stands behind the last byte that the format explains. */
export async function reportTail(facts: Facts, bytes: Bytes, end: number, { spending }: Context): Promise<void> {
  if (bytes.random) await noteTail(facts, bytes.random, end, 'the end', spending);
  else if (end < bytes.size)
    facts.problems.push({ code: 'trailing-bytes', offset: end, detail: 'bytes after the end' });
}

interface Blob extends Region {
  readonly at: string;
  readonly payload: string | undefined;
}

class DocumentReader extends ConfigReader implements UbjsonListener {
  readonly blobs: Blob[] = [];
  private readonly secrets: TextSecrets;
  private offset = 0;

  constructor(facts: Facts) {
    super(facts);
    this.secrets = new TextSecrets(facts);
  }

  region(place: JsonPlace, kind: 'text' | 'bytes', start: Uint8Array, at: Region): void {
    this.offset = at.offset;
    const payload = payloadName(start);
    if (payload === undefined && (kind === 'text' || at.length < SMALLEST_BLOB || start.every((byte) => byte < 2)))
      return;
    if (payload !== undefined || this.blobs.length < MOST_BLOBS)
      this.blobs.push({ at: placeText(place), payload, ...at });
  }

  override scalar(place: JsonPlace, value: string | number | boolean | null | undefined): void {
    super.scalar(place, value);
    if (typeof value === 'string') this.secrets.add(place.levels.at(-1)?.key ?? '', value, this.offset);
  }

  override end(facts: Facts): void {
    super.end(facts);
    this.secrets.report();
  }
}

async function readBlob(facts: Facts, bytes: Bytes, blob: Blob, context: Context): Promise<void> {
  const { at, offset, length, payload } = blob;
  if (bytes.random === undefined) {
    if (payload)
      facts.problems.push({
        code: 'ubjson-blob',
        offset,
        detail: `${payload} at ${at}, in a stream too large to look into`,
      });
    return;
  }
  const inner = bytes.random.slice(offset, length);
  if (payload === undefined && (length > INNER_BYTES || PLAIN.has(await sniff(inner)))) return;
  const member: MemberFacts = { ...newFacts('unknown', length), name: `(${at})`, offset };
  facts.members ??= [];
  facts.members.push(member);
  await context.extractInner(member, inner);
}
