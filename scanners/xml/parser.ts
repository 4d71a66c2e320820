// SPDX-License-Identifier: Apache-2.0
import { BudgetHit, within } from '../budgets.ts';
import { type DoctypeListener, readDoctype } from './doctype.ts';

/** One element, when its start tag was read. */
export interface XmlElement {
  /** Without its prefix. */
  readonly local: string;
  readonly namespace: string;
  /** By the name as it is written; character references are resolved. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly depth: number;
  readonly line: number;
}

/** What the parser tells; nothing is expanded, fetched or included. */
export interface XmlListener extends DoctypeListener {
  open(element: XmlElement): void;
  close(depth: number): void;
  text(text: string, depth: number): void;
  instruction(target: string, content: string, line: number): void;
}

export class MalformedXml extends Error {
  readonly line: number;
  constructor(line: number, message: string) {
    super(message);
    this.name = 'MalformedXml';
    this.line = line;
  }
}

const NAME = /^[\p{L}_:][\p{L}\p{N}\p{M}_:.\u00b7-]*$/u;
const TAG_CHARACTERS = 32 * 1024 * 1024;
const PREDEFINED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

interface Frame {
  readonly name: string;
  readonly namespaces: ReadonlyMap<string, string>;
}

/** The namespace that the prefix `xml` stands for, without a declaration. */
const XML_NAMESPACE: ReadonlyMap<string, string> = new Map([['xml', 'http://www.w3.org/XML/1998/namespace']]);

/**
 * Reads a document piece by piece and checks that it is well-formed (XML 1.0, section 2) and its prefixes are declared
 * (Namespaces in XML). Of the document type only the declarations are noted; entities that it declares stay unexpanded.
 * Written by hand, because the parsers from npm either expand entities, or hold the document, or mend what is broken.
 */
export class XmlParser {
  private readonly listener: XmlListener;
  private readonly frames: Frame[] = [];
  private buffer = '';
  private line = 1;
  private rootSeen = false;
  /** Inside a comment, a CDATA section or an instruction that is longer than one piece. */
  private inside: 'comment' | 'cdata' | undefined;

  constructor(listener: XmlListener) {
    this.listener = listener;
  }

  /** @throws MalformedXml @throws BudgetHit */
  feed(text: string): void {
    this.buffer += text;
    while (this.step(false)) {}
    if (this.buffer.length > TAG_CHARACTERS) throw new BudgetHit('heldBytes', this.buffer.length);
  }

  /** @throws MalformedXml */
  end(): void {
    while (this.step(true)) {}
    if (this.buffer.length > 0 || this.inside !== undefined) this.fail('the document ends inside of something');
    if (this.frames.length > 0) this.fail(`<${this.frames.at(-1)?.name}> is not closed`);
    if (!this.rootSeen) this.fail('there is no element');
  }

  /** One construct off the buffer; false when it is not complete yet. */
  private step(last: boolean): boolean {
    const { buffer } = this;
    if (buffer.length === 0) return false;
    if (this.inside) return this.rest(this.inside);
    if (buffer[0] !== '<') return this.characters(last);
    // The longest beginning that must be told from others is `<![CDATA[`.
    if (buffer.length < 9 && !last) return false;
    if (buffer.startsWith('<!--')) return this.begin('comment', 4);
    if (buffer.startsWith('<![CDATA[')) {
      if (this.frames.length === 0) this.fail('a CDATA section outside of the root');
      return this.begin('cdata', 9);
    }
    if (buffer.startsWith('<?')) return this.instruction();
    if (/^<!doctype/i.test(buffer)) return this.doctype();
    return this.tag();
  }

  private begin(kind: 'comment' | 'cdata', length: number): boolean {
    this.consume(length);
    this.inside = kind;
    return true;
  }

  private rest(kind: 'comment' | 'cdata'): boolean {
    const close = kind === 'comment' ? '-->' : ']]>';
    const found = this.buffer.indexOf(close);
    const length = found >= 0 ? found : Math.max(0, this.buffer.length - 2);
    if (kind === 'cdata') this.listener.text(this.buffer.slice(0, length), this.frames.length);
    this.consume(found >= 0 ? found + 3 : length);
    if (found >= 0) this.inside = undefined;
    return found >= 0;
  }

  private characters(last: boolean): boolean {
    const found = this.buffer.indexOf('<');
    let length = found >= 0 ? found : this.buffer.length;
    // A reference may be cut by the end of the piece.
    const ampersand = found >= 0 || last ? -1 : this.buffer.lastIndexOf('&');
    if (ampersand >= 0 && this.buffer.length - ampersand < 64) length = ampersand;
    if (length === 0) return false;
    const text = this.buffer.slice(0, length);
    if (this.frames.length > 0) this.listener.text(this.resolved(text), this.frames.length);
    else if (/[^\s\ufeff]/.test(text)) this.fail('text outside of the root');
    this.consume(length);
    return true;
  }

  private instruction(): boolean {
    const end = this.buffer.indexOf('?>');
    if (end < 0) return false;
    const content = this.buffer.slice(2, end);
    const target = /^[^\s]*/.exec(content)?.[0] ?? '';
    if (!NAME.test(target)) this.fail('an instruction without a target');
    this.listener.instruction(target, content.slice(target.length).trim(), this.line);
    this.consume(end + 2);
    return true;
  }

  private doctype(): boolean {
    const read = readDoctype(this.buffer, this.line, this.listener);
    if (read === undefined) return false;
    if (this.rootSeen) this.fail('a document type behind the root begins');
    this.consume(read);
    return true;
  }

  private tag(): boolean {
    const end = tagEnd(this.buffer);
    if (end < 0) return false;
    const inner = this.buffer.slice(1, end);
    if (inner.startsWith('/')) this.close(inner.slice(1).trimEnd());
    else if (inner.endsWith('/')) this.open(inner.slice(0, -1), true);
    else this.open(inner, false);
    this.consume(end + 1);
    return true;
  }

  private open(inner: string, empty: boolean): void {
    const name = /^[^\s=]*/.exec(inner)?.[0] ?? '';
    if (!NAME.test(name)) this.fail(`<${name.slice(0, 40)} is no element`);
    if (this.frames.length === 0 && this.rootSeen) this.fail('a second root');
    this.rootSeen = true;
    const attributes = this.attributes(inner.slice(name.length));
    const namespaces = declared(attributes, this.frames.at(-1)?.namespaces ?? XML_NAMESPACE);
    const colon = name.indexOf(':');
    const prefix = colon < 0 ? '' : name.slice(0, colon);
    const namespace = namespaces.get(prefix);
    if (prefix !== '' && namespace === undefined) this.fail(`the prefix of <${name.slice(0, 60)}> is not declared`);
    const depth = this.frames.length + 1;
    within('xmlDepth', depth);
    this.listener.open({
      local: name.slice(colon + 1),
      namespace: namespace ?? '',
      attributes,
      depth,
      line: this.line,
    });
    if (empty) this.listener.close(depth);
    else this.frames.push({ name, namespaces });
  }

  private close(name: string): void {
    const frame = this.frames.pop();
    if (frame?.name !== name) this.fail(`</${name.slice(0, 60)}> closes <${frame?.name ?? ''}>`);
    this.listener.close(this.frames.length + 1);
  }

  private attributes(text: string): Map<string, string> {
    const found = new Map<string, string>();
    const attribute = /\s+([^\s=<>"'/]+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')|(\s*$)/y;
    for (;;) {
      const match = attribute.exec(text);
      if (match === null) this.fail('an attribute that is not well-formed');
      if (match?.[4] !== undefined) return found;
      const name = match?.[1] ?? '';
      if (!NAME.test(name)) this.fail('an attribute without a name');
      if (found.has(name)) this.fail(`the attribute ${name} is there twice`);
      found.set(name, this.resolved(match?.[2] ?? match?.[3] ?? ''));
    }
  }

  /** Character references and the five predefined entities; others stay as they are and are told. */
  private resolved(text: string): string {
    if (!text.includes('&')) return text;
    return text.replace(/&(?:#([0-9]+)|#x([0-9a-fA-F]+)|([^\s;&<]{1,100}));|&/g, (whole, decimal, hex, name) => {
      if (name !== undefined && PREDEFINED[name] !== undefined) return PREDEFINED[name];
      if (name !== undefined) {
        this.listener.reference(name, this.line);
        return whole;
      }
      if (decimal === undefined && hex === undefined) return this.fail('an & that begins no reference');
      const code = decimal !== undefined ? Number.parseInt(decimal, 10) : Number.parseInt(hex, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : this.fail('a character that does not exist');
    });
  }

  private consume(length: number): void {
    const done = this.buffer.slice(0, length);
    for (let at = done.indexOf('\n'); at >= 0; at = done.indexOf('\n', at + 1)) this.line++;
    this.buffer = this.buffer.slice(length);
  }

  private fail(message: string): never {
    throw new MalformedXml(this.line, message);
  }
}

/** The `>` that ends a tag: quotes may hold others. -1 when it is not there yet. */
function tagEnd(buffer: string): number {
  const delimiter = /["'>]/g;
  for (let match = delimiter.exec(buffer); match !== null; match = delimiter.exec(buffer)) {
    if (match[0] === '>') return match.index;
    const close = buffer.indexOf(match[0], match.index + 1);
    if (close < 0) return -1;
    delimiter.lastIndex = close + 1;
  }
  return -1;
}

/** The prefixes that hold inside of an element. Few elements declare any. */
function declared(
  attributes: ReadonlyMap<string, string>,
  outer: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  let own: Map<string, string> | undefined;
  for (const [name, value] of attributes) {
    if (name !== 'xmlns' && !name.startsWith('xmlns:')) continue;
    own ??= new Map(outer);
    own.set(name === 'xmlns' ? '' : name.slice(6), value);
    within('facts', own.size);
  }
  return own ?? outer;
}
