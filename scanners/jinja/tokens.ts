// SPDX-License-Identifier: Apache-2.0
import { unescaped } from './escapes.ts';
import { MalformedTemplate } from './nodes.ts';

/**
 * `data` is text between tags, `begin` and `end` are the brackets of a tag. The rest stands inside of tags. `value` of
 * a text is what it means, its escapes resolved.
 */
export interface Token {
  readonly kind: 'data' | 'output' | 'statement' | 'end' | 'name' | 'text' | 'integer' | 'float' | 'operator';
  readonly value: string;
  readonly line: number;
}

const OPENING = /\{[{%#]/g;
const RAW = /\{%[-+]?\s*raw\s*-?%\}/y;
const END_RAW = /\{%[-+]?\s*endraw\s*[-+]?%\}/g;
const SPACE = /\s+/y;
const FLOAT = /(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?e[+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/iy;
const INTEGER = /0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*/iy;
const NAME = /[\p{L}\p{Nl}_\u2118\u212e\u309b\u309c][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*/uy;
const TEXT = /'[^'\\]*(?:\\[\s\S][^'\\]*)*'|"[^"\\]*(?:\\[\s\S][^"\\]*)*"/y;
const OPERATOR = /\*\*|\/\/|==|!=|<=|>=|[-+/*%~[\](){}<>=.:|,;]/y;
const END_OUTPUT = /-?\}\}/y;
const END_STATEMENT = /[-+]?%\}/y;
const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/**
 * The tokens of a template (jinja2/lexer.py) with the default delimiters and without line statements, in one pass.
 * White space around tags is not removed: nothing here renders.
 * @throws MalformedTemplate
 */
export function tokensOf(source: string): Token[] {
  return new Lexer(source).tokens();
}

class Lexer {
  private readonly source: string;
  private readonly found: Token[] = [];
  private at = 0;
  private line = 1;
  private lineEnd: number;

  constructor(source: string) {
    this.source = source;
    this.lineEnd = source.indexOf('\n');
  }

  tokens(): Token[] {
    while (this.at < this.source.length) this.dataAndTag();
    return this.found;
  }

  private dataAndTag(): void {
    OPENING.lastIndex = this.at;
    const opening = OPENING.exec(this.source);
    const start = opening?.index ?? this.source.length;
    if (start > this.at) this.push('data', this.source.slice(this.at, start));
    this.moveTo(start);
    if (opening === null) return;
    if (opening[0] === '{#') this.comment();
    else if (opening[0] === '{{') this.tag('output', END_OUTPUT);
    else if (this.match(RAW) === undefined) this.tag('statement', END_STATEMENT);
    else this.raw();
  }

  private comment(): void {
    const end = this.source.indexOf('#}', this.at + 2);
    if (end < 0) throw this.error('a comment that does not end');
    this.moveTo(end + 2);
  }

  private raw(): void {
    END_RAW.lastIndex = this.at;
    const end = END_RAW.exec(this.source);
    if (end === null) throw this.error('a raw block that does not end');
    this.push('data', this.source.slice(this.at, end.index));
    this.moveTo(end.index + end[0].length);
  }

  /** Inside of brackets, what looks like the end of the tag is none. */
  private tag(kind: 'output' | 'statement', ending: RegExp): void {
    this.push(kind, '');
    this.moveTo(this.at + 2);
    const sign = this.source[this.at];
    if (sign === '-' || sign === '+') this.moveTo(this.at + 1);
    const open: string[] = [];
    for (;;) {
      this.match(SPACE);
      if (this.at >= this.source.length) throw this.error('a tag that does not end');
      if (open.length === 0 && this.match(ending) !== undefined) break;
      this.inside(open);
    }
    this.push('end', '');
  }

  private inside(open: string[]): void {
    const float = this.source[this.at - 1] === '.' ? undefined : this.match(FLOAT);
    if (float !== undefined) return void this.push('float', float.replaceAll('_', ''));
    const integer = this.match(INTEGER);
    if (integer !== undefined) return void this.push('integer', integer.replaceAll('_', ''));
    const name = this.match(NAME);
    if (name !== undefined) return void this.push('name', name);
    const text = this.match(TEXT);
    if (text !== undefined) return void this.push('text', unescaped(text.slice(1, -1), this.line));
    const operator = this.match(OPERATOR);
    if (operator === undefined) throw this.error(`an unexpected character ${JSON.stringify(this.source[this.at])}`);
    const closing = CLOSING[operator];
    if (closing !== undefined) open.push(closing);
    else if (operator === ')' || operator === ']' || operator === '}') {
      if (open.pop() !== operator) throw this.error('brackets that do not match');
    }
    this.push('operator', operator);
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.source)?.[0];
    if (found !== undefined) this.moveTo(this.at + found.length);
    return found;
  }

  private push(kind: Token['kind'], value: string): void {
    this.found.push({ kind, value, line: this.line });
  }

  /** Line ends are counted as they are passed. */
  private moveTo(offset: number): void {
    while (this.lineEnd >= 0 && this.lineEnd < offset) {
      this.line++;
      this.lineEnd = this.source.indexOf('\n', this.lineEnd + 1);
    }
    this.at = offset;
  }

  private error(message: string): MalformedTemplate {
    return new MalformedTemplate(this.line, message);
  }
}
