// SPDX-License-Identifier: Apache-2.0

/** protobuf.dev, "Text Format Language Specification": names, numbers, quoted texts, and the signs between them. */
export type TextToken =
  | { readonly kind: 'name' | 'number' | 'text'; readonly text: string; readonly at: number }
  | { readonly kind: 'sign'; readonly text: string; readonly at: number }
  | { readonly kind: 'end'; readonly text: ''; readonly at: number };

/** The text breaks the grammar at this place. */
export class MalformedText extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.name = 'MalformedText';
    this.offset = offset;
  }
}

const BLANK = /(?:[ \t\r\n\f\v]+|#[^\n]*)*/y;
const TOKEN =
  /([A-Za-z_]\w*)|(-?[ \t\r\n]*(?:0[xX][\da-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?[fF]?|(?:inf(?:inity)?|nan)\b))|"((?:[^"\\\n]|\\[^\n])*)"|'((?:[^'\\\n]|\\[^\n])*)'|([{}<>[\]:;,/.-])/iy;

/** Reads tokens forward from a text in which every character is one byte. */
export class TextTokens {
  private readonly source: string;
  private at = 0;
  private next: TextToken | undefined;

  constructor(source: string) {
    this.source = source;
  }

  /** @throws MalformedText */
  peek(): TextToken {
    this.next ??= this.read();
    return this.next;
  }

  /** @throws MalformedText */
  take(): TextToken {
    const token = this.peek();
    this.next = undefined;
    return token;
  }

  /** Takes the next token when it is one of these signs. */
  takeSign(signs: string): string | undefined {
    const token = this.peek();
    if (token.kind !== 'sign' || !signs.includes(token.text)) return undefined;
    this.next = undefined;
    return token.text;
  }

  private read(): TextToken {
    BLANK.lastIndex = this.at;
    BLANK.exec(this.source);
    const at = BLANK.lastIndex;
    if (at >= this.source.length) return { kind: 'end', text: '', at };
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(this.source);
    if (match === null) throw new MalformedText(at, 'neither a name, a number, a text nor a sign');
    this.at = TOKEN.lastIndex;
    const [, name, number, double, single, sign] = match;
    if (name !== undefined) return { kind: 'name', text: name, at };
    if (number !== undefined) return { kind: 'number', text: number, at };
    const text = double ?? single;
    return text === undefined ? { kind: 'sign', text: sign ?? '', at } : { kind: 'text', text: unescaped(text), at };
  }
}

const NAMED: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** One character for each byte, as the source has them. */
function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(
    /\\(?:([0-7]{1,3})|[xX]([\da-fA-F]{1,2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([\s\S]))/g,
    (_all, octal, hex, short, long, other: string) => {
      if (octal) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
      if (hex) return String.fromCharCode(Number.parseInt(hex, 16));
      const point = Number.parseInt(short ?? long ?? '', 16);
      if (point <= 0x10ffff) return Buffer.from(String.fromCodePoint(point), 'utf8').toString('latin1');
      return NAMED[other] ?? other ?? '';
    },
  );
}
