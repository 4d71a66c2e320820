// SPDX-License-Identifier: Apache-2.0
import { within } from '../budgets.ts';
import { Anchors } from './anchors.ts';
import { ListKeys } from './list-keys.ts';
import { expandTag, readDirective } from './tags.ts';

/** What a YAML stream asks of its loader. */
export interface YamlReport {
  /** Tags in full, `tag:yaml.org,2002:` shortened to `!!`. */
  readonly tags: ReadonlyMap<string, number>;
  /** Scalars under a key: what configurations name by them. */
  readonly pairs: readonly YamlPair[];
  /** How many nodes the aliases stand for, when each is written out. */
  readonly expansion: number;
  readonly keys: ReadonlySet<string>;
}

export interface YamlPair {
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

const COLON = 0x3a;
const NONE: ReadonlySet<string> = new Set();

/**
 * Reads a YAML 1.1/1.2 stream as far as tags, anchors, keys and scalars go (chapters 6 to 9 of the specification):
 * what stands in comments, quotes, block scalars and the further lines of a plain scalar is text and nothing else.
 * Indentation decides where those end: `parent` is the column of the collection that holds the current node.
 * The scalars of a list are pairs too, under the key of the list, when it is one of `listed`.
 */
export function scanYaml(source: string, listed: ReadonlySet<string> = NONE): YamlReport {
  const scanner = new YamlScanner(listed, source.replace(/^\ufeff/, '').replace(/\r\n?/g, '\n'));
  scanner.run();
  return scanner;
}

class YamlScanner implements YamlReport {
  readonly tags = new Map<string, number>();
  readonly pairs: YamlPair[] = [];
  readonly keys = new Set<string>();
  private readonly anchors = new Anchors();
  private readonly source: string;
  private handles = new Map<string, string>();
  private at = 0;
  private line = 1;
  private lineStart = 0;
  private flow = 0;
  private parent = -1;
  /** Column of the first token of the current node, properties included. */
  private nodeColumn: number | undefined;
  private key: string | undefined;
  private explicitKey = false;
  private anchor: string | undefined;
  private readonly lists: ListKeys;

  constructor(listed: ReadonlySet<string>, source: string) {
    this.lists = new ListKeys(listed);
    this.source = source;
  }

  get expansion(): number {
    return this.anchors.expansion;
  }

  run(): void {
    while (this.at < this.source.length) this.step();
  }

  private get column(): number {
    return this.at - this.lineStart;
  }

  private step(): void {
    const char = this.source[this.at] ?? '';
    if (char === '\n') this.newline();
    else if (char === ' ' || char === '\t') this.at++;
    else if (char === '#' && this.afterSpace()) this.skipLine();
    else if (this.column === 0 && this.marker()) return;
    else this.token(char);
  }

  private newline(): void {
    this.at++;
    this.line++;
    this.lineStart = this.at;
    if (this.flow === 0) this.nodeColumn = undefined;
  }

  private afterSpace(): boolean {
    return this.at === this.lineStart || /\s/.test(this.source[this.at - 1] ?? '');
  }

  private skipLine(): void {
    const end = this.source.indexOf('\n', this.at);
    this.at = end < 0 ? this.source.length : end;
  }

  /** `---`, `...` and directives. */
  private marker(): boolean {
    const text = this.source.slice(this.at, this.at + 4);
    if (/^(?:---|\.\.\.)(?:\s|$)/.test(text)) {
      this.at += 3;
      this.parent = -1;
      this.flow = 0;
      this.key = undefined;
      this.lists.clear();
      if (text.startsWith('...')) this.handles = new Map();
      return true;
    }
    if (text[0] !== '%' || this.flow > 0) return false;
    const start = this.at;
    this.skipLine();
    readDirective(this.source.slice(start, this.at), this.handles);
    return true;
  }

  private token(char: string): void {
    if (this.indicator(char)) return;
    this.nodeColumn ??= this.column;
    if (char === '!') this.tag();
    else if (char === '&' || char === '*') this.reference(char);
    else if (char === '[' || char === '{') this.open();
    else if ((char === '|' || char === '>') && this.flow === 0) this.block();
    else if (char === '"' || char === "'") this.scalar(this.quoted(char));
    else this.scalar(this.plain());
  }

  /** `- `, `? `, `: `, and the punctuation of flow collections. */
  private indicator(char: string): boolean {
    if (this.flow > 0 && (char === ',' || char === ']' || char === '}')) {
      if (char !== ',') this.flow--;
      this.at++;
      this.key = char === ',' ? this.lists.inFlow() : this.lists.endFlow();
      this.nodeColumn = undefined;
      return true;
    }
    const next = this.source[this.at + 1];
    const apart = next === undefined || /\s/.test(next) || (this.flow > 0 && ',[]{}'.includes(next));
    if (!apart || !(char === '-' || char === '?' || char === ':')) return false;
    if (this.flow === 0) {
      this.parent = this.column;
      this.nodeColumn = undefined;
    }
    if (char === '-') this.key = this.lists.item(this.column, this.key);
    else if (char === '?') this.key = undefined;
    this.explicitKey = char === '?';
    this.at++;
    return true;
  }

  private tag(): void {
    const start = this.at;
    if (this.source[start + 1] === '<') {
      const end = this.source.indexOf('>', start);
      this.at = end < 0 ? this.source.length : end + 1;
    } else while (this.at < this.source.length && !this.endsName()) this.at++;
    if (this.at === start) this.at++;
    const tag = expandTag(this.source.slice(start, this.at), this.handles);
    if (tag !== '!' && !this.tags.has(tag)) this.tags.set(tag, this.line);
    within('facts', this.tags.size);
  }

  private endsName(): boolean {
    const char = this.source[this.at] ?? '';
    return /\s/.test(char) || (this.flow > 0 && ',[]{}'.includes(char));
  }

  private reference(char: string): void {
    const start = ++this.at;
    while (this.at < this.source.length && !this.endsName()) this.at++;
    const name = this.source.slice(start, this.at);
    if (char === '&') {
      this.anchors.define(name);
      this.anchor = name;
    } else this.scalar(this.anchors.alias(name));
  }

  private open(): void {
    this.flow++;
    this.key = this.lists.openFlow(this.source[this.at] === '[' ? this.key : undefined);
    this.at++;
    this.nodeColumn = undefined;
    this.anchor = undefined;
  }

  /** A scalar is a key when a colon follows, else the value of the key before it. */
  private scalar(text: string): void {
    if (this.anchor !== undefined) this.anchors.scalar(this.anchor, text);
    this.anchor = undefined;
    this.anchors.node();
    if (this.explicitKey || this.colonFollows()) {
      this.key = text;
      this.keys.add(text);
      within('yamlPairs', this.keys.size);
      this.explicitKey = false;
      if (this.flow === 0) this.parent = this.nodeColumn ?? this.column;
      if (this.flow === 0) this.lists.endAt(this.parent);
      this.nodeColumn = undefined;
      return;
    }
    if (this.key !== undefined) this.pair({ key: this.key, value: text, line: this.line });
    if (this.flow > 0) this.key = this.lists.inFlow();
  }

  /** What is not kept could be the one that matters: too many are a limit that was hit, not a list that was cut. */
  private pair(pair: (typeof this.pairs)[number]): void {
    this.pairs.push(pair);
    within('yamlPairs', this.pairs.length);
  }

  private colonFollows(): boolean {
    let at = this.at;
    while (this.source[at] === ' ' || this.source[at] === '\t') at++;
    if (this.source[at] !== ':') return false;
    const next = this.source[at + 1];
    const found = next === undefined || /\s/.test(next) || this.flow > 0;
    if (found) this.at = at + 1;
    return found;
  }

  private quoted(quote: string): string {
    const start = ++this.at;
    for (; this.at < this.source.length; this.at++) {
      const char = this.source[this.at];
      if (char === '\n') {
        this.line++;
        this.lineStart = this.at + 1;
      } else if (char === '\\' && quote === '"') this.at++;
      else if (char === quote) {
        if (quote === "'" && this.source[this.at + 1] === "'") this.at++;
        else break;
      }
    }
    const body = this.source.slice(start, this.at);
    this.at++;
    return quote === "'" ? body.replaceAll("''", "'") : unescaped(body);
  }

  private plain(): string {
    let text = this.plainLine();
    while (text.length > 0 && !this.atColon() && this.continues()) text += ` ${this.plainLine()}`;
    return text;
  }

  private atColon(): boolean {
    return this.source[this.at] === ':' || this.source[this.at] === '#';
  }

  /** Up to `: `, ` #` or the line's end; in flow collections also up to their punctuation. */
  private plainLine(): string {
    const start = this.at;
    for (; this.at < this.source.length; this.at++) {
      // Letters, of which there are the most, end nothing.
      if (this.flow === 0 && this.source.charCodeAt(this.at) > COLON) continue;
      const char = this.source[this.at] ?? '';
      if (char === '\n' || (this.flow > 0 && ',[]{}'.includes(char))) break;
      if (char === ':' && this.endsKey(this.source[this.at + 1])) break;
      if (char === '#' && this.at > start && /\s/.test(this.source[this.at - 1] ?? '')) break;
    }
    if (this.at === start) this.at++;
    return this.source.slice(start, this.at).trimEnd();
  }

  private endsKey(next: string | undefined): boolean {
    return next === undefined || /\s/.test(next) || (this.flow > 0 && ',[]{}'.includes(next));
  }

  /** Whether the plain scalar goes on in a further line: one that is indented more than the collection around. */
  private continues(): boolean {
    if (this.source[this.at] !== '\n') return false;
    let at = this.at;
    let lines = 0;
    let indent = 0;
    for (; this.source[at] === '\n'; lines++) {
      const start = ++at;
      while (this.source[at] === ' ' || this.source[at] === '\t') at++;
      indent = at - start;
    }
    const next = this.source[at];
    if (next === undefined || next === '#') return false;
    if (this.flow > 0 ? ',[]{}'.includes(next) : indent <= this.parent) return false;
    if (indent === 0 && /^(?:---|\.\.\.)(?:\s|$)/.test(this.source.slice(at, at + 4))) return false;
    this.line += lines;
    this.at = at;
    this.lineStart = this.at - indent;
    return true;
  }

  /** `|` and `>`: every further line that is indented at least as much as the first one with text. */
  private block(): void {
    const header = /[|>][-+\d]*/y;
    header.lastIndex = this.at;
    const match = header.exec(this.source);
    const stated = /\d/.exec(match?.[0] ?? '')?.[0];
    const line = this.line;
    this.skipLine();
    let indent = stated === undefined ? undefined : Math.max(this.parent, 0) + Number(stated);
    const lines: string[] = [];
    while (this.at < this.source.length) {
      const start = this.at + 1;
      const end = this.source.indexOf('\n', start);
      const text = this.source.slice(start, end < 0 ? this.source.length : end);
      if (text.trim() !== '') {
        const width = text.length - text.replace(/^ +/, '').length;
        indent ??= Math.max(width, this.parent + 1);
        if (width < indent) break;
        lines.push(text.slice(indent));
      }
      this.line++;
      this.lineStart = start;
      this.at = end < 0 ? this.source.length : end;
    }
    if (this.key !== undefined) this.pair({ key: this.key, value: lines.join('\n'), line });
    this.anchor = undefined;
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '0': '\0',
  '"': '"',
  '\\': '\\',
  '/': '/',
};

function unescaped(body: string): string {
  return body.replace(
    /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|\n\s*|(.))/g,
    (_all, x: string, u: string, long: string, one: string) => {
      const code = Number.parseInt(x ?? u ?? long ?? '', 16);
      if (Number.isNaN(code)) return one === undefined ? '' : (ESCAPES[one] ?? ' ');
      return code <= 0x10ffff ? String.fromCodePoint(code) : '?';
    },
  );
}
