// SPDX-License-Identifier: Apache-2.0
import { BUDGETS, type Spending } from '../budgets.ts';
import type { Facts } from '../facts.ts';
import type { Bytes } from '../io/bytes.ts';
import { addProblem } from '../problems.ts';
import type { Field, MessageType } from './schema.ts';
import { MalformedText, TextTokens } from './text-tokens.ts';
import type { Frame, Listener } from './walk.ts';

/** A text is parsed in memory up to this size; a longer one is recognised as no message, and stays a text. */
const MAX_BYTES = 2 * BUDGETS.heldBytes;
const MAX_DEPTH = 100;
const NO_LISTENER: Listener = { keep: {} };

/** Walks a message in the text format as `walkProtobuf` walks one on the wire, with the same listener. */
export async function walkProtobufText(
  bytes: Bytes,
  type: MessageType,
  listener: Listener,
  facts: Facts,
  spending: Spending,
): Promise<void> {
  const source = await protobufSource(bytes);
  const problem = (code: string, detail: string, offset: number) => addProblem(facts, { code, offset, detail });
  try {
    if (source === undefined) problem('protobuf-malformed', 'the text is too long to be read', 0);
    else new TextWalker(source, listener, () => spending.spend('protobufFields', 1), problem).walk(type);
  } catch (error) {
    if (!(error instanceof MalformedText)) throw error;
    problem('protobuf-malformed', error.message, error.offset);
  }
}

/** The whole text, a character for each byte, when it is short enough. */
export async function protobufSource(bytes: Bytes): Promise<string | undefined> {
  if (bytes.size > MAX_BYTES) return undefined;
  if (bytes.random !== undefined) return Buffer.from(bytes.random.readAt(0, bytes.size)).toString('latin1');
  const cursor = bytes.cursor();
  const parts: string[] = [];
  for (let chunk = await cursor.chunk(); chunk.length > 0; chunk = await cursor.chunk())
    parts.push(Buffer.from(chunk).toString('latin1'));
  return parts.join('');
}

/** Fields of the outermost level, each with the fields of the messages under it; undefined: no text of a message. */
export function outermostFields(source: string): Map<string, Set<string>> | undefined {
  const found = new Map<string, Set<string>>();
  const nothing = () => {};
  try {
    new TextWalker(source, NO_LISTENER, nothing, nothing, found).walk(undefined);
  } catch (error) {
    if (error instanceof MalformedText) return undefined;
    throw error;
  }
  return found;
}

/** A message whose type no schema tells is parsed without one. */
interface Open {
  readonly frame: Frame | undefined;
  readonly close: string;
}

type Problem = (code: string, detail: string, offset: number) => void;

class TextWalker {
  private readonly tokens: TextTokens;
  private readonly listener: Listener;
  private readonly spend: () => void;
  private readonly problem: Problem;
  private readonly outermost: Map<string, Set<string>> | undefined;
  private top = new Set<string>();
  private readonly stack: Open[] = [];
  /** A list of messages is open at these depths. */
  private readonly lists: { readonly depth: number; readonly field: Field | undefined }[] = [];

  constructor(
    source: string,
    listener: Listener,
    spend: () => void,
    problem: Problem,
    outermost?: Map<string, Set<string>>,
  ) {
    this.tokens = new TextTokens(source);
    this.listener = listener;
    this.spend = spend;
    this.problem = problem;
    this.outermost = outermost;
  }

  /** @throws MalformedText */
  walk(type: MessageType | undefined): void {
    const root = type && newFrame(type, 0, undefined, undefined, 0);
    this.stack.push({ frame: root, close: '' });
    while (this.stack.length > 0) this.step();
  }

  private step(): void {
    const open = this.stack.at(-1);
    const token = this.tokens.peek();
    if (open === undefined) return;
    if (token.kind === 'end' && open.close === '') this.leave(open);
    else if (token.kind === 'sign' && token.text === open.close) {
      this.tokens.take();
      this.leave(open);
      this.nextOfList();
    } else this.field(open);
  }

  private leave({ frame }: Open): void {
    if (frame) this.listener.leave?.(frame);
    this.stack.pop();
  }

  private field({ frame }: Open): void {
    this.spend();
    const { text: name, at } = this.name();
    const field = frame && fieldsByName(frame.type).get(name);
    if (frame && !field && !name.startsWith('['))
      this.problem('protobuf-unknown-field', `${name.slice(0, 60)} of ${frame.type.name}`, at);
    const hasColon = this.tokens.takeSign(':') !== undefined;
    const sign = this.tokens.peek();
    if (this.outermost) this.note(name, this.outermost);
    if (this.tokens.takeSign('[')) this.list(frame, field);
    else if (sign.kind === 'sign' && '{<'.includes(sign.text)) this.enter(frame, field);
    else if (hasColon) {
      this.scalar(frame, field);
      this.tokens.takeSign(';,');
    } else throw new MalformedText(sign.at, 'a field without a value');
  }

  private note(name: string, outermost: Map<string, Set<string>>): void {
    if (this.stack.length === 2) this.top.add(name);
    if (this.stack.length !== 1) return;
    this.top = outermost.get(name) ?? new Set();
    outermost.set(name, this.top);
  }

  /** A name, or `[package.extension]` and `[host/package.Message]`. */
  private name(): { text: string; at: number } {
    const token = this.tokens.take();
    if (token.kind === 'name') return token;
    if (token.text !== '[') throw new MalformedText(token.at, 'a field needs a name');
    let text = '[';
    for (let part = this.tokens.take(); part.text !== ']'; part = this.tokens.take()) {
      const fits =
        part.kind === 'name' || part.kind === 'number' || (part.kind === 'sign' && '/.-'.includes(part.text));
      if (!fits) throw new MalformedText(part.at, 'a name in brackets is not closed');
      text += part.text;
    }
    return { text, at: token.at };
  }

  private list(frame: Frame | undefined, field: Field | undefined): void {
    const next = this.tokens.peek();
    if (next.kind === 'sign' && '{<'.includes(next.text)) {
      this.lists.push({ depth: this.stack.length, field });
      this.enter(frame, field);
      return;
    }
    if (this.tokens.takeSign(']') === undefined)
      for (;;) {
        this.scalar(frame, field);
        if (this.tokens.takeSign(']')) break;
        if (!this.tokens.takeSign(',')) throw new MalformedText(this.tokens.peek().at, 'a list is not closed');
      }
    this.tokens.takeSign(';,');
  }

  /** After a message: the next one of its list, or what may stand between fields. */
  private nextOfList(): void {
    const list = this.lists.at(-1);
    if (list === undefined || list.depth !== this.stack.length) {
      this.tokens.takeSign(';,');
      return;
    }
    if (this.tokens.takeSign(',')) {
      this.enter(this.stack.at(-1)?.frame, list.field);
      return;
    }
    if (!this.tokens.takeSign(']')) throw new MalformedText(this.tokens.peek().at, 'a list is not closed');
    this.lists.pop();
    this.tokens.takeSign(';,');
  }

  private enter(parent: Frame | undefined, field: Field | undefined): void {
    const { at } = this.tokens.peek();
    const sign = this.tokens.takeSign('{<');
    if (sign === undefined) throw new MalformedText(at, 'a list of messages holds something else');
    if (this.stack.length > MAX_DEPTH) throw new MalformedText(at, `messages are nested deeper than ${MAX_DEPTH}`);
    const index = parent && field ? this.counted(parent, field, at) : 0;
    const isScalar = field && field.kind !== 'message' && field.kind !== 'bytes';
    if (isScalar) this.problem('protobuf-wire-type', `${field.key} is written as a message`, at);
    const frame = field?.type && newFrame(field.type, at, parent, field, index);
    this.stack.push({ frame, close: sign === '{' ? '}' : '>' });
  }

  private counted(frame: Frame, field: Field, at: number): number {
    frame.seen ??= new Map();
    const before = frame.seen.get(field.number) ?? 0;
    frame.seen.set(field.number, before + 1);
    if (before === 1 && !field.repeated) this.problem('protobuf-duplicate-field', `${field.key} is there twice`, at);
    return before;
  }

  /** A number, the name of an enum's value, or texts that are one when they follow each other. */
  private scalar(frame: Frame | undefined, field: Field | undefined): void {
    const token = this.tokens.take();
    if (token.kind === 'text') {
      const parts = [token.text];
      while (this.tokens.peek().kind === 'text') parts.push(this.tokens.take().text);
      if (frame && field) this.tellText(frame, field, parts.join(''), token.at);
      return;
    }
    const isNegative = token.text === '-' && this.tokens.peek().kind === 'name';
    if (isNegative) this.tokens.take();
    else if (token.kind !== 'number' && token.kind !== 'name') throw new MalformedText(token.at, 'a value is missing');
    if (!frame || !field) return;
    this.counted(frame, field, token.at);
    if (this.listener.keep[field.key] === undefined) return;
    this.tell(frame, field, { number: numberOf(token.text), offset: token.at });
  }

  private tellText(frame: Frame, field: Field, text: string, offset: number): void {
    this.counted(frame, field, offset);
    const keep = this.listener.keep[field.key];
    if (keep === undefined) return;
    const bytes = text.length > keep ? undefined : Uint8Array.from(Buffer.from(text, 'latin1'));
    this.tell(frame, field, { bytes, length: text.length, offset });
  }

  private tell(frame: Frame, field: Field, value: Parameters<NonNullable<Listener['value']>>[2]): void {
    frame.values ??= new Map();
    frame.values.set(field.name, value);
    this.listener.value?.(frame, field, value);
  }
}

const NAMES = new WeakMap<MessageType, ReadonlyMap<string, Field>>();

function fieldsByName(type: MessageType): ReadonlyMap<string, Field> {
  const known = NAMES.get(type) ?? new Map([...type.fields.values()].map((field) => [field.name, field]));
  NAMES.set(type, known);
  return known;
}

/** A word is a value of an enum or a truth; which number it has is of no use to any reader here. */
function numberOf(text: string): number {
  if (/^(?:true|t)$/i.test(text)) return 1;
  const number = Number(text.replace(/\s/g, '').replace(/f$/i, ''));
  return Number.isFinite(number) ? number : 0;
}

function newFrame(
  type: MessageType,
  start: number,
  parent: Frame | undefined,
  field: Field | undefined,
  index: number,
): Frame {
  return { type, start, end: start, parent, field, index, values: undefined, seen: undefined };
}
