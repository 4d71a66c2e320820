// SPDX-License-Identifier: Apache-2.0
import { within } from '../budgets.ts';

/** Told what a JSON document holds, in order. Text longer than the walker keeps is `undefined`. */
export interface JsonListener {
  /** Whether the value at this place is worth keeping, up to this many bytes; asked once for each text. */
  keep(place: JsonPlace): number;
  /** `written` is how a number stands in the document: `1.0` is no `1` to every reader. */
  scalar(place: JsonPlace, value: string | number | boolean | null | undefined, written?: string): void;
  open(place: JsonPlace, kind: 'object' | 'array'): void;
  close(place: JsonPlace): void;
}

/** Where the walker is: the containers from the outside in, each with its current key or index. */
export interface JsonPlace {
  readonly levels: readonly JsonLevel[];
}

export interface JsonLevel {
  readonly kind: 'object' | 'array';
  key: string;
  index: number;
}

export class MalformedJson extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.name = 'MalformedJson';
    this.offset = offset;
  }
}

/** One document is complete and the next begins on another line, as in JSON Lines. */
export class AnotherJson extends MalformedJson {}

type Expect = 'value' | 'first-value' | 'key' | 'first-key' | 'colon' | 'comma' | 'end';

/** Where each character may stand. */
const COLON: readonly Expect[] = ['colon'];
const COMMA: readonly Expect[] = ['comma'];
const VALUES: readonly Expect[] = ['value', 'first-value'];
const TEXTS: readonly Expect[] = ['value', 'first-value', 'key', 'first-key'];
const OBJECT_ENDS: readonly Expect[] = ['comma', 'first-key'];
const ARRAY_ENDS: readonly Expect[] = ['comma', 'first-value'];

const KEY_BYTES = 4096;
const SCALAR = /^(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|-?Infinity|NaN)$/;
const ESCAPES = new Set([...'"\\/bfnrtu'].map((c) => c.charCodeAt(0)));

/**
 * A push parser: fed chunk by chunk, it holds one text and the nesting, whatever the document's size. It accepts what
 * Python's `json` does (RFC 8259, and NaN and Infinity), one document.
 */
export class JsonWalker implements JsonPlace {
  readonly levels: JsonLevel[] = [];
  private readonly listener: JsonListener;
  private expect: Expect = 'value';
  private mode: 'between' | 'text' | 'escape' | 'scalar' = 'between';
  private offset = 0;
  private chunk: Buffer = Buffer.alloc(0);
  /** Where in the chunk the text that is being read begins, and what the chunks before hold of it. */
  private start = 0;
  private before: Buffer[] = [];
  private kept = 0;
  private room = 0;
  private escaped = false;
  private isNewLine = false;

  constructor(listener: JsonListener) {
    this.listener = listener;
  }

  /** @throws MalformedJson */
  feed(bytes: Uint8Array): void {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.chunk = chunk;
    this.start = 0;
    let at = 0;
    while (at < chunk.length) {
      if (this.mode === 'between') at = this.between(chunk, at);
      else if (this.mode === 'scalar') at = this.scalarPart(chunk, at);
      else at = this.textPart(chunk, at);
    }
    if (this.mode !== 'between') this.putAside();
    this.offset += chunk.length;
  }

  /** @throws MalformedJson when the document is not complete */
  end(): void {
    this.chunk = Buffer.alloc(0);
    this.start = 0;
    if (this.mode === 'scalar') this.endScalar(0);
    if (this.expect !== 'end') throw new MalformedJson(this.offset, 'the document is not complete');
  }

  private between(chunk: Uint8Array, start: number): number {
    let at = start;
    for (; isSpace(chunk[at]); at++) if (chunk[at] === 0x0a) this.isNewLine = true;
    const byte = chunk[at];
    if (byte === undefined) return at;
    if (this.expect === 'end' && this.isNewLine && (byte === 0x7b || byte === 0x5b))
      throw new AnotherJson(this.offset + at, 'another document begins on a line of its own');
    this.isNewLine = false;
    switch (byte) {
      case 0x22:
        return this.beginText(at);
      case 0x7b:
        return this.open('object', 'first-key', at);
      case 0x5b:
        return this.open('array', 'first-value', at);
      case 0x7d:
        return this.close('object', OBJECT_ENDS, at);
      case 0x5d:
        return this.close('array', ARRAY_ENDS, at);
      case 0x3a:
        this.require(COLON, at);
        this.expect = 'value';
        return at + 1;
      case 0x2c:
        return this.comma(at);
      default:
        this.require(VALUES, at);
        this.begin('scalar', at, 64);
        return at;
    }
  }

  private beginText(at: number): number {
    this.require(TEXTS, at);
    const isKey = this.expect === 'key' || this.expect === 'first-key';
    this.begin('text', at + 1, isKey ? KEY_BYTES : this.listener.keep(this));
    return at + 1;
  }

  private open(kind: 'object' | 'array', expect: Expect, at: number): number {
    this.require(VALUES, at);
    this.listener.open(this, kind);
    this.levels.push({ kind, key: '', index: 0 });
    within('jsonDepth', this.levels.length);
    this.expect = expect;
    return at + 1;
  }

  private close(kind: 'object' | 'array', ends: readonly Expect[], at: number): number {
    this.require(ends, at);
    if (this.levels.pop()?.kind !== kind) throw new MalformedJson(this.offset + at, 'brackets do not match');
    this.listener.close(this);
    this.afterValue();
    return at + 1;
  }

  private comma(at: number): number {
    this.require(COMMA, at);
    const level = this.levels.at(-1);
    if (level) level.index++;
    this.expect = level?.kind === 'object' ? 'key' : 'value';
    return at + 1;
  }

  private begin(mode: 'text' | 'scalar', start: number, room: number): void {
    this.mode = mode;
    this.start = start;
    this.before = [];
    this.kept = 0;
    this.room = room;
    this.escaped = false;
  }

  /** The chunk ends within a text. */
  private putAside(): void {
    const part = this.chunk.subarray(this.start);
    this.kept += part.length;
    if (this.kept <= this.room) this.before.push(part);
    else this.before = [];
  }

  /** What was read up to here, as it is written; nothing when it is longer than is kept. */
  private written(end: number, encoding: 'latin1' | 'utf8'): string | undefined {
    const length = end - this.start;
    if (this.kept + length > this.room) return undefined;
    if (this.kept === 0) return this.chunk.toString(encoding, this.start, end);
    return Buffer.concat([...this.before, this.chunk.subarray(this.start, end)]).toString(encoding);
  }

  private scalarPart(chunk: Uint8Array, start: number): number {
    let at = start;
    while (at < chunk.length && isScalarByte(chunk[at] as number)) at++;
    if (at < chunk.length) this.endScalar(at);
    return at;
  }

  private endScalar(at: number): void {
    const text = this.written(at, 'latin1') ?? '';
    if (!SCALAR.test(text)) throw new MalformedJson(this.offset + at, 'not a JSON value');
    this.mode = 'between';
    this.listener.scalar(
      this,
      text === 'true' ? true : text === 'false' ? false : text === 'null' ? null : Number(text),
      text,
    );
    this.afterValue();
  }

  private textPart(chunk: Uint8Array, start: number): number {
    let at = start;
    if (this.mode === 'escape') {
      if (!ESCAPES.has(chunk[at] ?? 0)) throw new MalformedJson(this.offset + at, 'an unknown escape');
      this.mode = 'text';
      at++;
    }
    for (; at < chunk.length; at++) {
      const byte = chunk[at] as number;
      if (byte === 0x22) {
        this.endText(at);
        return at + 1;
      }
      if (byte === 0x5c) {
        this.escaped = true;
        this.mode = 'escape';
        return at + 1;
      }
      if (byte < 0x20) throw new MalformedJson(this.offset + at, 'a control character inside a text');
    }
    return at;
  }

  private endText(at: number): void {
    this.mode = 'between';
    const value = this.textValue(at);
    if (this.expect === 'key' || this.expect === 'first-key') {
      const level = this.levels.at(-1);
      // A key too long to be kept is none that any rule names.
      if (level) level.key = value ?? '(long key)';
      this.expect = 'colon';
      return;
    }
    this.listener.scalar(this, value);
    this.afterValue();
  }

  private textValue(at: number): string | undefined {
    const text = this.written(at, 'utf8');
    if (text === undefined || !this.escaped) return text;
    try {
      return JSON.parse(`"${text}"`) as string;
    } catch {
      throw new MalformedJson(this.offset + at, 'a broken escape');
    }
  }

  private afterValue(): void {
    this.expect = this.levels.length === 0 ? 'end' : 'comma';
  }

  private require(allowed: readonly Expect[], at: number): void {
    if (!allowed.includes(this.expect))
      throw new MalformedJson(this.offset + at, `unexpected character, ${this.expect} expected`);
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** Digits, letters, sign and point: what numbers and literals are made of. Anything else ends them. */
function isScalarByte(byte: number): boolean {
  if (byte >= 0x80 || byte <= 0x20) return false;
  return (
    byte !== 0x2c && byte !== 0x5d && byte !== 0x7d && byte !== 0x3a && byte !== 0x22 && byte !== 0x5b && byte !== 0x7b
  );
}

/** `$.a.b[0]` */
export function placeText(place: JsonPlace): string {
  let text = '$';
  for (const level of place.levels.slice(0, 8)) {
    if (level.kind === 'array') text += `[${level.index}]`;
    else text += /^\w{1,64}$/.test(level.key) ? `.${level.key}` : `[${JSON.stringify(level.key.slice(0, 64))}]`;
  }
  return text;
}
