// SPDX-License-Identifier: Apache-2.0
import type { Spending } from '../budgets.ts';
import type { Facts } from '../facts.ts';
import type { Bytes } from '../io/bytes.ts';
import { type Cursor, EndOfBytes } from '../io/cursor.ts';
import { addProblem } from '../problems.ts';
import type { Field, MessageType } from './schema.ts';
import {
  FIXED32,
  FIXED64,
  LENGTH,
  MalformedProtobuf,
  passOver,
  RECORD_BYTES,
  readTag,
  readVarint,
  VARINT,
} from './wire.ts';

/**
 * A reader of protobuf messages that holds no message: it walks the wire format forward, by a schema given as data, and
 * hands out only what was asked for. Libraries build the whole message in memory (a 2 GB model would need more than
 * that), accept unknown fields and duplicates in silence, and live in packages that the process which reads hostile
 * bytes may not open.
 */
export interface Listener {
  /**
   * Up to how many bytes of a text or bytes field are wanted; `undefined`: the field is passed over in silence. Of a
   * longer one only the length is told.
   */
  readonly keep: Readonly<Record<string, number>>;
  /** A scalar field that `keep` names. */
  value?(frame: Frame, field: Field, value: Value): void;
  /** A message is complete; what `keep` named of it is in `frame.values`. */
  leave?(frame: Frame): void;
}

export type Value =
  | { readonly number: number; readonly offset: number }
  | { readonly bytes: Uint8Array | undefined; readonly length: number; readonly offset: number };

/** One message that is being read. */
export interface Frame {
  readonly type: MessageType;
  readonly start: number;
  readonly end: number;
  readonly parent: Frame | undefined;
  /** The parent's field that this message is, and which of its repetitions. */
  readonly field: Field | undefined;
  readonly index: number;
  /** The last value of each kept scalar field, by its name. */
  values: Map<string, Value> | undefined;
  seen: Map<number, number> | undefined;
}

/** Protobuf's own readers refuse what is nested deeper than this. */
const MAX_DEPTH = 100;
/** A skip of this many bytes moves to a new cursor, where there is random access. */
const JUMP = 1024 * 1024;
/** More scalar fields that no schema knows than a later version of a format would add. */
const UNKNOWN_SCALARS = 64;

/** Walks all bytes as one message of this type. Whatever is wrong is a problem in the facts. */
export async function walkProtobuf(
  bytes: Bytes,
  type: MessageType,
  listener: Listener,
  facts: Facts,
  spending: Spending,
): Promise<void> {
  const walker = new Walker(bytes, listener, facts, spending);
  try {
    await walker.walk(type);
  } catch (error) {
    if (error instanceof EndOfBytes) walker.problem('protobuf-malformed', 'the file ends inside a field');
    else if (error instanceof MalformedProtobuf) walker.problem('protobuf-malformed', error.message, error.offset);
    else throw error;
  }
}

class Walker {
  private readonly bytes: Bytes;
  private readonly listener: Listener;
  private readonly facts: Facts;
  private readonly spending: Spending;
  private c: Cursor;
  private unknownScalars = 0;

  constructor(bytes: Bytes, listener: Listener, facts: Facts, spending: Spending) {
    this.bytes = bytes;
    this.listener = listener;
    this.facts = facts;
    this.spending = spending;
    this.c = bytes.cursor();
  }

  problem(code: string, detail: string, offset = this.c.offset): void {
    addProblem(this.facts, { code, offset, detail });
  }

  async walk(type: MessageType): Promise<void> {
    let frame: Frame | undefined = newFrame(type, 0, this.bytes.size);
    let depth = 0;
    while (frame !== undefined) {
      if (this.c.offset === frame.end) {
        this.listener.leave?.(frame);
        frame = frame.parent;
        depth--;
        continue;
      }
      const inner = await this.readField(frame);
      if (inner === undefined) continue;
      if (++depth <= MAX_DEPTH) frame = inner;
      else {
        depth--;
        this.problem('protobuf-malformed', `messages are nested deeper than ${MAX_DEPTH}`);
        await this.pass(inner.end - inner.start);
      }
    }
  }

  /** One field; the frame to walk next, when it is a message. */
  private async readField(frame: Frame): Promise<Frame | undefined> {
    const { c } = this;
    if (c.available < RECORD_BYTES) await c.fill(RECORD_BYTES);
    this.spending.spend('protobufFields', 1);
    const offset = c.offset;
    const { field: number, wire } = readTag(c);
    const field = frame.type.fields.get(number);
    if (field === undefined) return this.passUnknown(frame, number, wire, offset);
    const index = this.counted(frame, field, offset);
    if (wire === LENGTH) return this.readLength(frame, field, index, offset);
    if (wire !== wireOf(field)) {
      this.problem('protobuf-wire-type', `${field.key} is written as another type (${wire})`, offset);
      await this.passScalar(frame, wire);
    } else if (wire === VARINT) {
      const number = readVarint(c);
      this.within(frame, c.offset);
      this.tell(frame, field, { number, offset });
    } else await this.passScalar(frame, wire);
    return undefined;
  }

  private async readLength(frame: Frame, field: Field, index: number, offset: number): Promise<Frame | undefined> {
    const length = readVarint(this.c);
    const start = this.c.offset;
    if (length < 0) throw new MalformedProtobuf(offset, 'a negative length');
    this.within(frame, start + length);
    if (field.kind === 'message' && field.type !== undefined)
      return { ...newFrame(field.type, start, start + length), parent: frame, field, index };
    if (field.kind === 'text' || field.kind === 'bytes') await this.readBytes(frame, field, length);
    else if (field.repeated) await this.readPacked(frame, field, length);
    else {
      this.problem('protobuf-wire-type', `${field.key} is written as another type (${LENGTH})`, offset);
      await this.pass(length);
    }
    return undefined;
  }

  private async readBytes(frame: Frame, field: Field, length: number): Promise<void> {
    const keep = this.listener.keep[field.key];
    const offset = this.c.offset;
    if (keep === undefined || length > keep) {
      await this.pass(length);
      if (keep !== undefined) this.tell(frame, field, { bytes: undefined, length, offset });
      return;
    }
    if (!(await this.c.fill(length))) throw new EndOfBytes(offset);
    // A copy: the window it lies in is a quarter of a megabyte, and goes on.
    this.tell(frame, field, { bytes: Uint8Array.from(this.c.take(length)), length, offset });
  }

  /** Scalars one after another. They must fill their length; numbers are only told where they are asked for. */
  private async readPacked(frame: Frame, field: Field, length: number): Promise<void> {
    const wanted = field.kind === 'int' && this.listener.keep[field.key] !== undefined;
    const unit = field.kind === 'f64' ? 8 : field.kind === 'f32' ? 4 : 1;
    if (length % unit !== 0) this.problem('protobuf-malformed', `${field.key} ends inside a number`);
    if (!wanted || length > (this.listener.keep[field.key] ?? 0)) return this.pass(length);
    if (!(await this.c.fill(length))) throw new EndOfBytes(this.c.offset);
    const end = this.c.offset + length;
    while (this.c.offset < end) {
      const offset = this.c.offset;
      const number = readVarint(this.c);
      if (this.c.offset > end) throw new MalformedProtobuf(offset, `${field.key} ends inside a number`);
      this.tell(frame, field, { number, offset });
    }
  }

  private tell(frame: Frame, field: Field, value: Value): void {
    if (this.listener.keep[field.key] === undefined) return;
    frame.values ??= new Map();
    frame.values.set(field.name, value);
    this.listener.value?.(frame, field, value);
  }

  /** How often the field was there before; a singular one may be there once, because readers merge or take the last. */
  private counted(frame: Frame, field: Field, offset: number): number {
    if (field.repeated && field.kind !== 'message') return 0;
    frame.seen ??= new Map();
    const before = frame.seen.get(field.number) ?? 0;
    frame.seen.set(field.number, before + 1);
    if (before === 1 && !field.repeated)
      this.problem('protobuf-duplicate-field', `${field.key} is there twice`, offset);
    return before;
  }

  private async passUnknown(frame: Frame, number: number, wire: number, offset: number): Promise<undefined> {
    if (wire === LENGTH) {
      this.problem('protobuf-unknown-field', `field ${number} of ${frame.type.name}`, offset);
      const length = readVarint(this.c);
      if (length < 0) throw new MalformedProtobuf(offset, 'a negative length');
      this.within(frame, this.c.offset + length);
      await this.pass(length);
      return undefined;
    }
    const code = ++this.unknownScalars > UNKNOWN_SCALARS ? 'protobuf-unknown-field' : 'protobuf-unknown-scalar';
    this.problem(code, `field ${number} of ${frame.type.name}`, offset);
    await this.passScalar(frame, wire);
    return undefined;
  }

  private async passScalar(frame: Frame, wire: number): Promise<void> {
    if (wire === VARINT) readVarint(this.c);
    else await this.pass(wire === FIXED64 ? 8 : 4);
    this.within(frame, this.c.offset);
  }

  private within(frame: Frame, end: number): void {
    if (end > frame.end)
      throw new MalformedProtobuf(this.c.offset, `a field reaches past the end of its ${frame.type.name}`);
  }

  private async pass(length: number): Promise<void> {
    const end = this.c.offset + length;
    if (length < JUMP || this.bytes.random === undefined || end > this.bytes.size) return passOver(this.c, length);
    this.c = this.bytes.cursor(end);
  }
}

function wireOf(field: Field): number {
  if (field.kind === 'int') return VARINT;
  if (field.kind === 'f32') return FIXED32;
  return field.kind === 'f64' ? FIXED64 : LENGTH;
}

function newFrame(type: MessageType, start: number, end: number): Frame {
  return { type, start, end, parent: undefined, field: undefined, index: 0, values: undefined, seen: undefined };
}

/** `graph.node[3].attribute[0]`: where a message is, counted from the root. */
export function placeOf(frame: Frame): string {
  const steps: string[] = [];
  for (let at: Frame | undefined = frame; at?.field; at = at.parent)
    steps.unshift(at.field.repeated ? `${at.field.name}[${at.index}]` : at.field.name);
  return steps.join('.') || frame.type.name;
}

/** The text of a kept field; for one that is longer than `keep` a mark, which equals no name and no other mark. */
export function textOf(frame: Frame, name: string): string | undefined {
  const value = frame.values?.get(name);
  return value === undefined ? undefined : textValue(value);
}

export function textValue(value: Value): string {
  if ('number' in value) return String(value.number);
  return value.bytes === undefined
    ? `(${value.length} bytes at ${value.offset})`
    : Buffer.from(value.bytes).toString('utf8');
}

/** A path that fits a use whole; of a longer one what matters: how it begins, whether it climbs, that it is long. */
export function shortPath(path: string): string {
  if (path.length <= 200) return path;
  const climbs = /(?:^|[\\/])\.\.(?:[\\/]|$)/.test(path) ? '/../' : '';
  return `${path.slice(0, 80)}${climbs} (${path.length} characters)`;
}

export function numberOf(frame: Frame, name: string): number | undefined {
  const value = frame.values?.get(name);
  return value && 'number' in value ? value.number : undefined;
}

export function lengthOf(frame: Frame, name: string): number | undefined {
  const value = frame.values?.get(name);
  return value && 'length' in value ? value.length : undefined;
}
