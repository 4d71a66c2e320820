// SPDX-License-Identifier: Apache-2.0
import { namedCharacter } from '../text/character-names.ts';

export type TokenKind = 'name' | 'number' | 'string' | 'op' | 'newline' | 'indent' | 'dedent';

export interface Token {
  readonly kind: TokenKind;
  /** As written; of a string its value with escapes resolved, as far as that needs no names of characters. */
  readonly text: string;
  readonly line: number;
  /** The expressions inside an f-string. */
  readonly fields?: readonly (readonly Token[])[];
}

export interface Tokens {
  readonly tokens: readonly Token[];
  /** Where Python's own tokenizer would refuse the text; reading went on at the next line. */
  readonly errors: readonly { line: number; detail: string }[];
  /** There were more tokens than the limit. */
  readonly cut: boolean;
  /** What was not read then. */
  readonly rest: string;
}

const MAX_TOKENS = 500_000;
const MAX_ERRORS = 20;
const MAX_FIELD_DEPTH = 5;
const TAB = 8;

const NAME = /[\p{ID_Start}_][\p{ID_Continue}]*/uy;
const NUMBER =
  /(?:0[xX][\da-fA-F_]+|0[oO]?[0-7_]+|0[bB][01_]+|\d[\d_]*(?:\.[\d_]*)?(?:[eE][-+]?\d+)?|\.\d[\d_]*(?:[eE][-+]?\d+)?)[jJlL]?/y;
const STRING = /([rRbBuUfFtT]{0,3})("""|'''|"|')/y;
const OPERATOR = /\*\*=?|\/\/=?|>>=?|<<=?|<>|!=|->|:=|\.\.\.|[-+*/%@&|^=<>]=?|[()[\]{},:.;~`!?$]/y;
const OPENING = '([{';
const CLOSING = ')]}';

/**
 * The lexical analysis of the Python language reference (chapter 2): indentation, implicit and explicit line joining,
 * every string prefix, f-strings with their expressions. Python 2's spellings are read as well. Names are in NFKC, as
 * Python compares them.
 */
export function tokenize(source: string): Tokens {
  const reader = new Tokenizer(source.replace(/^\ufeff/, '').replace(/\r\n?/g, '\n'), 1, 0);
  reader.run();
  return reader;
}

class Tokenizer implements Tokens {
  readonly tokens: Token[] = [];
  readonly errors: { line: number; detail: string }[] = [];
  cut = false;
  private readonly source: string;
  private readonly depth: number;
  private readonly brackets: string[] = [];
  private readonly indents: number[] = [0];
  private at = 0;
  private line: number;
  private lineIsEmpty = true;

  constructor(source: string, line: number, depth: number) {
    this.source = source;
    this.line = line;
    this.depth = depth;
  }

  get rest(): string {
    return this.source.slice(this.at);
  }

  run(): void {
    if (this.depth === 0) this.readIndent();
    while (this.at < this.source.length && !this.cut) this.readNext();
    if (this.brackets.length > 0) this.error('a bracket is never closed');
    this.endLine();
    while (this.indents.length > 1) this.dedent();
  }

  private readNext(): void {
    const char = this.source[this.at] ?? '';
    if (char === '\n') this.readNewline();
    else if (char === ' ' || char === '\t' || char === '\f') this.at++;
    else if (char === '#') this.skipComment();
    else if (char === '\\' && this.source[this.at + 1] === '\n') this.passNewline(2);
    else this.readToken();
  }

  private readNewline(): void {
    this.passNewline(1);
    if (this.brackets.length > 0 || this.depth > 0) return;
    this.endLine();
    this.readIndent();
  }

  private passNewline(characters: number): void {
    this.at += characters;
    this.line++;
  }

  private endLine(): void {
    if (!this.lineIsEmpty) this.push({ kind: 'newline', text: '', line: this.line });
    this.lineIsEmpty = true;
  }

  /** The white space at a line's start, unless the line holds nothing else. */
  private readIndent(): void {
    let width = 0;
    let at = this.at;
    for (; at < this.source.length; at++) {
      const char = this.source[at];
      if (char === ' ') width++;
      else if (char === '\t') width = (Math.floor(width / TAB) + 1) * TAB;
      else if (char === '\f') width = 0;
      else break;
    }
    this.at = at;
    const next = this.source[at];
    if (next === undefined || next === '\n' || next === '#') return;
    if (width > (this.indents.at(-1) ?? 0)) {
      this.indents.push(width);
      this.tokens.push({ kind: 'indent', text: '', line: this.line });
    }
    while (width < (this.indents.at(-1) ?? 0)) this.dedent();
  }

  private dedent(): void {
    this.indents.pop();
    this.tokens.push({ kind: 'dedent', text: '', line: this.line });
  }

  private skipComment(): void {
    const end = this.source.indexOf('\n', this.at);
    this.at = end < 0 ? this.source.length : end;
  }

  private readToken(): void {
    const prefix = this.match(STRING);
    const number = prefix ? null : this.match(NUMBER);
    const name = prefix || number ? null : this.match(NAME);
    const operator = prefix || number || name ? null : this.match(OPERATOR);
    if (prefix) this.readString(prefix[1] ?? '', prefix[2] ?? '"', prefix[0].length);
    else if (number) this.add('number', number[0]);
    else if (name) this.add('name', name[0].normalize('NFKC'), name[0].length);
    else if (operator) this.readOperator(operator[0]);
    else this.recover(`character ${JSON.stringify(this.source[this.at])} outside a string`);
  }

  private match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    return pattern.exec(this.source);
  }

  private readOperator(text: string): void {
    if (OPENING.includes(text)) this.brackets.push(text);
    const closes = CLOSING.indexOf(text);
    if (closes >= 0 && OPENING.indexOf(this.brackets.pop() ?? '-') !== closes) this.recover(`"${text}" closes nothing`);
    else if ('?$'.includes(text)) this.recover(`character "${text}" outside a string`);
    else this.add('op', text);
  }

  private readString(prefix: string, quote: string, opening: number): void {
    const start = this.at + opening;
    const end = (/[ft]/i.test(prefix) ? this.formatEnd(start, quote) : undefined) ?? this.stringEnd(start, quote);
    if (end === undefined) {
      this.recover('a string is never closed');
      return;
    }
    const body = this.source.slice(start, end);
    const kind = prefix.toLowerCase();
    const line = this.line;
    const fields = /[ft]/.test(kind) ? this.fieldsOf(body) : undefined;
    const text = kind.includes('r') ? body : unescaped(body);
    this.push({ kind: 'string', text, line, ...(fields ? { fields } : {}) });
    for (let i = body.indexOf('\n'); i >= 0; i = body.indexOf('\n', i + 1)) this.line++;
    this.at = end + quote.length;
  }

  /** A backslash keeps the next character from closing the string, in raw ones too. */
  private stringEnd(start: number, quote: string): number | undefined {
    for (let at = start; at < this.source.length; at++) {
      const char = this.source[at];
      if (char === '\\') at++;
      else if (char === '\n' && quote.length === 1) return undefined;
      else if (char === quote[0] && this.source.startsWith(quote, at)) return at;
    }
    return undefined;
  }

  /** Since Python 3.12 the expressions of an f-string may hold its own quote. */
  private formatEnd(start: number, quote: string): number | undefined {
    let depth = 0;
    for (let at = start; at < this.source.length; at++) {
      const char = this.source[at] ?? '';
      if (char === '\\') at++;
      else if (char === '\n' && quote.length === 1) return undefined;
      else if (depth === 0 && char === '{' && this.source[at + 1] === '{') at++;
      else if (depth === 0 && this.source.startsWith(quote, at)) return at;
      else if (char === '{') depth++;
      else if (char === '}' && depth > 0) depth--;
      else if (depth > 0 && (char === '"' || char === "'")) {
        const end = this.stringEnd(at + 1, char);
        if (end === undefined) return undefined;
        at = end;
      }
    }
    return undefined;
  }

  private fieldsOf(body: string): Token[][] {
    if (this.depth >= MAX_FIELD_DEPTH) return [];
    return fieldSources(body).map((source) => {
      const inner = new Tokenizer(source, this.line, this.depth + 1);
      inner.run();
      return inner.tokens;
    });
  }

  private add(kind: TokenKind, text: string, length = text.length): void {
    this.push({ kind, text, line: this.line });
    this.at += length;
  }

  private push(token: Token): void {
    this.tokens.push(token);
    this.lineIsEmpty = false;
    if (this.tokens.length >= MAX_TOKENS) this.cut = true;
  }

  private recover(detail: string): void {
    this.error(detail);
    this.brackets.length = 0;
    const end = this.source.indexOf('\n', this.at);
    this.at = end < 0 ? this.source.length : end;
  }

  private error(detail: string): void {
    if (this.errors.length < MAX_ERRORS) this.errors.push({ line: this.line, detail });
  }
}

/** What stands in the braces of an f-string, without doubled ones; a format after ":" is kept, and reads as a slice. */
function fieldSources(body: string): string[] {
  const sources: string[] = [];
  for (let at = body.indexOf('{'); at >= 0; at = body.indexOf('{', at)) {
    if (body[at + 1] === '{') {
      at += 2;
      continue;
    }
    const end = fieldEnd(body, at + 1);
    sources.push(body.slice(at + 1, end));
    at = end + 1;
  }
  return sources;
}

function fieldEnd(body: string, start: number): number {
  let depth = 0;
  for (let at = start; at < body.length; at++) {
    const char = body[at] ?? '';
    if (OPENING.includes(char)) depth++;
    else if (char === '}' && depth === 0) return at;
    else if (CLOSING.includes(char)) depth--;
  }
  return body.length;
}

const SIMPLE: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' };

function unescaped(body: string): string {
  if (!body.includes('\\')) return body;
  return body.replace(
    /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3})|N\{([^}]*)\}|([\s\S]))/g,
    (all, x: string, u: string, long: string, octal: string, name: string, one: string) => {
      const hex = x ?? u ?? long;
      if (hex !== undefined) return character(Number.parseInt(hex, 16));
      if (octal !== undefined) return character(Number.parseInt(octal, 8));
      if (name !== undefined) return namedCharacter(name);
      if (one === '\n') return '';
      return SIMPLE[one] ?? ('\\\'"'.includes(one) ? one : all);
    },
  );
}

function character(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : '?';
}
