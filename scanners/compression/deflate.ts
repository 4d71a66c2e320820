// SPDX-License-Identifier: Apache-2.0
import { crc32, createInflateRaw } from 'node:zlib';
import type { RandomBytes } from '../io/bytes.ts';
import { Corrupt, type Decoder, Doubts } from './decoder.ts';
import { Inflate } from './inflate.ts';
import { Input } from './input.ts';
import { isComplaint, through } from './native.ts';

/** RFC 1951 alone, as zip members have it. */
export function deflate(source: RandomBytes): Decoder {
  const body = new Deflated(source, 0);
  return { chunks: body.content(), consumed: () => body.end, doubts: new Doubts() };
}

export function deflate64(source: RandomBytes): Decoder {
  const inflate = new Inflate(new Input(source), true);
  return { chunks: inflate.content(), consumed: () => inflate.offset, doubts: new Doubts() };
}

/** RFC 1950: two bytes of header, the stream, Adler-32. */
export function zlib(source: RandomBytes): Decoder {
  const doubts = new Doubts();
  const body = new Deflated(source, 2);
  let end = 0;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    if (!isZlibHeader(source.readAt(0, 2))) throw new Corrupt('no zlib header, or one that needs a dictionary');
    const sum = new Adler32();
    for await (const chunk of body.content()) {
      sum.update(chunk);
      yield chunk;
    }
    const stored = Buffer.from(source.readAt(body.end, 4));
    end = body.end + stored.length;
    if (stored.length < 4) throw new Corrupt('the stream ends before its checksum');
    if (stored.readUInt32BE() !== sum.value()) doubts.add('the checksum of the content is wrong');
  }
  return { chunks: chunks(), consumed: () => end || body.end, doubts };
}

/** Method 8, a window of at most 32 KiB, a multiple of 31, no dictionary. */
export function isZlibHeader([first = 0, second = 0]: Uint8Array): boolean {
  return (first & 15) === 8 && first < 0x80 && (first * 256 + second) % 31 === 0 && (second & 0x20) === 0;
}

/** RFC 1952: members one after another; zeros behind the last one are padding to some writers. */
export function gzip(source: RandomBytes): Decoder {
  const doubts = new Doubts();
  let end = 0;
  let body: Deflated | undefined;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    do {
      body = new Deflated(source, afterGzipHeader(source, end, doubts));
      let crc = 0;
      let size = 0;
      for await (const chunk of body.content()) {
        crc = crc32(chunk, crc);
        size += chunk.length;
        yield chunk;
      }
      const trailer = Buffer.from(source.readAt(body.end, 8));
      end = body.end + trailer.length;
      if (trailer.length < 8) throw new Corrupt('the stream ends before its checksum');
      if (trailer.readUInt32LE(0) !== crc) doubts.add('the checksum of the content is wrong');
      if (trailer.readUInt32LE(4) !== size % 0x1_0000_0000) doubts.add('the content is of another size than it says');
    } while (isGzip(source.readAt(end, 3)));
  }
  return { chunks: chunks(), consumed: () => end || (body?.end ?? 0), doubts };
}

function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b && head[2] === 8;
}

/** RFC 1952 2.3: extra field, name and comment hold what they like; what is long is no name. */
function afterGzipHeader(source: RandomBytes, start: number, doubts: Doubts): number {
  const input = new Input(source, start);
  const flags = input.take(10)[3] as number;
  if ((flags & 0xe0) !== 0) throw new Corrupt('gzip flags that are not defined');
  if ((flags & 4) !== 0) {
    const length = input.u8() + input.u8() * 256;
    input.take(length);
    if (length > LONG) doubts.add(`an extra field of ${length} bytes in the header`);
  }
  if ((flags & 8) !== 0) passText(input, 'name', doubts);
  if ((flags & 16) !== 0) passText(input, 'comment', doubts);
  if ((flags & 2) !== 0) input.take(2);
  return input.offset;
}

const LONG = 1024;

function passText(input: Input, what: string, doubts: Doubts): void {
  const start = input.offset;
  while (input.u8() !== 0);
  if (input.offset - start > LONG) doubts.add(`a ${what} of ${input.offset - start} bytes in the header`);
}

/** A deflate stream at `start`: read by Node, and where that gives up, to the break by {@link Inflate}. */
class Deflated {
  end: number;
  private readonly source: RandomBytes;
  private readonly start: number;

  constructor(source: RandomBytes, start: number) {
    this.source = source;
    this.start = start;
    this.end = start;
  }

  async *content(): AsyncGenerator<Uint8Array> {
    let given = 0;
    const rest = this.source.slice(this.start, this.source.size);
    if (rest.size > SMALL) {
      const decompressor = createInflateRaw();
      try {
        for await (const chunk of through(rest, decompressor)) {
          given += chunk.length;
          yield chunk;
        }
        this.end = this.start + decompressor.bytesWritten;
        return;
      } catch (error) {
        if (!isComplaint(error)) throw error;
      }
    }
    const inflate = new Inflate(new Input(rest));
    try {
      for (const chunk of inflate.content()) {
        const known = Math.min(given, chunk.length);
        given -= known;
        if (known < chunk.length) yield chunk.subarray(known);
      }
    } finally {
      this.end = this.start + inflate.offset;
    }
  }
}

/** Setting up Node's decompressor costs more than it wins for so few bytes. */
const SMALL = 16 * 1024;

class Adler32 {
  private a = 1;
  private b = 0;

  update(bytes: Uint8Array): void {
    let { a, b } = this;
    for (let at = 0; at < bytes.length; ) {
      for (const end = Math.min(at + 3800, bytes.length); at < end; at++) {
        a += bytes[at] as number;
        b += a;
      }
      a %= 65_521;
      b %= 65_521;
    }
    this.a = a;
    this.b = b;
  }

  value(): number {
    return ((this.b << 16) | this.a) >>> 0;
  }
}
