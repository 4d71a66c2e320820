// SPDX-License-Identifier: Apache-2.0

/** A Python literal as `ast.literal_eval` reads it, of the kinds that a description of an array is made of. */
export type Literal = string | number | boolean | null | Literal[] | LiteralTuple | Map<string, Literal>;

export interface LiteralTuple {
  readonly tuple: readonly Literal[];
}

export function isTuple(value: Literal | undefined): value is LiteralTuple {
  return typeof value === 'object' && value !== null && 'tuple' in value;
}

/** The text is no literal of that kind; `at` is a place in it. */
export class NoLiteral extends Error {
  readonly at: number;

  constructor(at: number, message: string) {
    super(message);
    this.name = 'NoLiteral';
    this.at = at;
  }
}

const DEEPEST = 32;
const NUMBER = /[+-]?(?:0[xX][\da-fA-F]+|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)[lL]?/y;
const TEXT = /[uUbB]?(?:'((?:[^'\\\n]|\\[^\n])*)'|"((?:[^"\\\n]|\\[^\n])*)")/y;
const WORD = /[A-Za-z_]\w*/y;
const SPACE = /\s*/y;

const WORDS: Readonly<Record<string, boolean | null>> = { True: true, False: false, None: null };

/** @throws NoLiteral */
export function parseLiteral(text: string): Literal {
  const parser = new LiteralParser(text);
  const value = parser.value(0);
  parser.end();
  return value;
}

class LiteralParser {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  value(depth: number): Literal {
    if (depth > DEEPEST) throw new NoLiteral(this.at, 'nested too deeply');
    this.match(SPACE);
    const next = this.text[this.at];
    if (next === '{') return this.dict(depth + 1);
    if (next === '[') return this.items(']', depth + 1).items;
    if (next === '(') return this.tuple(depth + 1);
    const text = this.texts();
    if (text !== undefined) return text;
    const number = this.match(NUMBER);
    if (number) return Number(number[0].replace(/[lL]$/, ''));
    const word = this.match(WORD)?.[0] ?? '';
    if (Object.hasOwn(WORDS, word)) return WORDS[word] ?? null;
    throw new NoLiteral(this.at, word === '' ? 'no value' : `the name ${word}`);
  }

  /** Texts in a row are one. */
  private texts(): string | undefined {
    let joined: string | undefined;
    for (let text = this.match(TEXT); text; text = this.match(TEXT)) {
      joined = (joined ?? '') + unescaped(text[1] ?? text[2] ?? '');
      this.match(SPACE);
    }
    return joined;
  }

  end(): void {
    this.match(SPACE);
    if (this.at < this.text.length) throw new NoLiteral(this.at, 'something behind the value');
  }

  private dict(depth: number): Map<string, Literal> {
    const entries = new Map<string, Literal>();
    this.at++;
    while (!this.accept('}')) {
      const key = this.value(depth);
      if (typeof key !== 'string' || entries.has(key)) throw new NoLiteral(this.at, 'a key that is no new text');
      if (!this.accept(':')) throw new NoLiteral(this.at, 'no colon behind a key');
      entries.set(key, this.value(depth));
      if (this.accept(',')) continue;
      if (this.accept('}')) break;
      throw new NoLiteral(this.at, 'no comma between entries');
    }
    return entries;
  }

  private items(close: string, depth: number): { items: Literal[]; commas: number } {
    const items: Literal[] = [];
    let commas = 0;
    this.at++;
    while (!this.accept(close)) {
      items.push(this.value(depth));
      if (this.accept(',')) commas++;
      else if (this.accept(close)) break;
      else throw new NoLiteral(this.at, 'no comma between items');
    }
    return { items, commas };
  }

  /** Brackets around one value without a comma are no tuple. */
  private tuple(depth: number): Literal {
    const { items, commas } = this.items(')', depth);
    return items.length === 1 && commas === 0 ? (items[0] ?? null) : { tuple: items };
  }

  private accept(character: string): boolean {
    this.match(SPACE);
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  private match(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.at;
    const match = expression.exec(this.text);
    if (match === null) return undefined;
    this.at = expression.lastIndex;
    return match;
  }
}

/** Of Python's escapes those that stand for a character by its number, and the character itself for all others. */
function unescaped(text: string): string {
  return text.replace(ESCAPES, (_, byte?: string, octal?: string, short?: string, long?: string, other?: string) => {
    if (other !== undefined) return other;
    const code = octal === undefined ? Number.parseInt(byte ?? short ?? long ?? '', 16) : Number.parseInt(octal, 8);
    return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
  });
}

const ESCAPES = /\\(?:x([\da-fA-F]{2})|([0-7]{1,3})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|(.))/g;
