// SPDX-License-Identifier: Apache-2.0
import { constants, inflateSync } from 'node:zlib';
import { BUDGETS, within } from '../budgets.ts';
import type { Facts } from '../facts.ts';
import { payloadName } from '../magic.ts';
import { type PdfToken, pdfToken } from '../pdf/tokens.ts';
import { addProblem } from '../problems.ts';
import { UseList } from '../uses.ts';
import { archiveFromEnd } from '../zip/polyglot.ts';
import type { Context, Extractor } from './context.ts';

/** A document is looked at in memory up to this size. */
const MAX_BYTES = 2 * BUDGETS.heldBytes;
const INFLATED = 16 * 1024 * 1024;
const ALL_INFLATED = 16 * INFLATED;

/** Names that make a viewer do something beside showing pages (ISO 32000-2, 12.6 and others). */
const ACTIVE: ReadonlySet<string> = new Set([
  ...['JavaScript', 'JS', 'Launch', 'EmbeddedFile', 'EmbeddedFiles', 'RichMedia', 'XFA', 'SubmitForm', 'ImportData'],
  ...['GoToE', 'GoToR', 'Rendition', 'Encrypt', 'Movie', '3D'],
]);
/** What scripts of attacks are made of, and scripts of forms are not. */
const SCRIPT =
  /\b(?:eval|unescape|exportDataObject|launchURL|getAnnots?|newPlayer|customDictionaryOpen|collectEmailInfo|getIcon|printSeps|fromCharCode|submitForm|importDataObject|execDialog|getURL|openDoc|XMLHttpRequest|SOAP|Net\.HTTP|ActiveXObject|cmd\.exe|powershell)\b/i;
const WORDS: ReadonlySet<string> = new Set([
  ...['obj', 'endobj', 'R', 'true', 'false', 'null', 'xref', 'n', 'f', 'trailer', 'startxref', 'endstream'],
]);
const NEXT = /(?<!\d)\d{1,10}[\0\t\n\f\r ]{1,20}\d{1,5}[\0\t\n\f\r ]{1,20}obj|endobj|xref|trailer|startxref/g;

/** A PDF document: every byte is an object, a stream, the table of objects or a comment. Pages are not drawn. */
export const pdf: Extractor = async (facts, bytes, context) => {
  if (bytes.size > MAX_BYTES || bytes.random === undefined) {
    facts.problems.push({ code: 'pdf-unread', detail: `${bytes.size} bytes are too many` });
    return;
  }
  const hidden = archiveFromEnd(bytes.random);
  if (hidden)
    facts.problems.push({ code: 'trailing-payload', offset: hidden.at, detail: `an archive with ${hidden.name}` });
  const content = Buffer.from(bytes.random.readAt(0, bytes.size));
  new PdfReader(facts, content, context).read();
};

/** What is said of the stream that may follow. */
interface Dictionary {
  length: number | undefined;
  /** Names that are keys or values, without nested ones. */
  readonly names: Set<string>;
}

class PdfReader {
  private readonly facts: Facts;
  private readonly content: Buffer;
  private readonly source: string;
  private readonly context: Context;
  private readonly uses: UseList;
  private hasScripts = false;
  private inflatedBytes = 0;
  private script: PdfToken | undefined;

  constructor(facts: Facts, content: Buffer, context: Context) {
    this.facts = facts;
    this.content = content;
    this.source = content.toString('latin1');
    this.context = context;
    this.uses = new UseList(facts);
  }

  read(): void {
    this.tokens(this.source, true);
    if (this.hasScripts && this.script)
      this.uses.add('pdf-script', this.script.text.slice(0, 150), `byte ${this.script.at}`);
  }

  /** Tokens one after another; only the file itself has streams, what is inflated has not. */
  private tokens(source: string, isFile: boolean): void {
    let dictionary: Dictionary = { length: undefined, names: new Set() };
    let depth = 0;
    let previous: PdfToken | undefined;
    for (let token = pdfToken(source, 0); token !== undefined; token = pdfToken(source, token.end)) {
      if (token.kind === 'name') this.name(token, isFile, depth === 1 ? dictionary : undefined);
      else if (token.kind === 'text') this.text(token);
      else if (token.kind === 'number' && previous?.kind === 'name' && previous.text === 'Length' && depth === 1)
        dictionary.length = Number(token.text);
      else if (token.text === '<<') depth++;
      else if (token.text === '>>') depth--;
      else if (token.text === 'R' && previous?.kind === 'number') dictionary.length = undefined;
      else if (token.text === 'obj') {
        dictionary = { length: undefined, names: new Set() };
        depth = 0;
      } else if (token.text === 'stream' && isFile) token = this.stream(token, dictionary);
      else if (token.kind === 'wrong' || (token.kind === 'word' && !WORDS.has(token.text))) {
        token = this.wrong(source, token, isFile);
      }
      previous = token;
    }
  }

  private name({ text, at }: PdfToken, isFile: boolean, dictionary: Dictionary | undefined): void {
    if (dictionary) within('facts', dictionary.names.add(text).size);
    if (!ACTIVE.has(text)) return;
    if (text === 'JS' || text === 'JavaScript') this.hasScripts = true;
    this.uses.add('pdf-action', text, isFile ? `byte ${at}` : 'an object stream', isFile ? at : undefined);
  }

  private text(token: PdfToken): void {
    const text = token.text.startsWith('\xfe\xff') ? token.text.replaceAll('\0', '') : token.text;
    if (this.script === undefined && text.length > 8 && SCRIPT.test(text)) this.script = { ...token, text };
  }

  /** The bytes of a stream: as long as it says, or up to the word that ends it. */
  private stream(token: PdfToken, { length, names }: Dictionary): PdfToken {
    const { source } = this;
    const start = token.end + (source.startsWith('\r\n', token.end) ? 2 : 1);
    const said = length === undefined ? -1 : start + length;
    const fits = said >= start && /^[\0\t\n\f\r ]{0,2}endstream/.test(source.slice(said, said + 12));
    const end = fits ? said : source.indexOf('endstream', start);
    if (end < 0) {
      addProblem(this.facts, { code: 'pdf-malformed', offset: token.at, detail: 'a stream has no end' });
      return { ...token, end: source.length };
    }
    if (!names.has('Filter')) this.plain(start, end);
    else if (names.has('ObjStm') || (names.has('N') && names.has('First'))) this.objects(start, end, names);
    else if (names.has('EmbeddedFile')) this.embedded(start, end);
    else if (this.hasScripts) this.maybeScript(start, end);
    return { kind: 'word', text: 'endstream', at: end, end };
  }

  private plain(start: number, end: number): void {
    const payload = payloadName(this.content.subarray(start, Math.min(end, start + 512)));
    if (payload) this.uses.add('pdf-payload', payload, `the stream at byte ${start}`, start);
    this.text({ kind: 'text', text: this.source.slice(start, Math.min(end, start + 65_536)), at: start, end });
  }

  private objects(start: number, end: number, names: ReadonlySet<string>): void {
    const isPlain = names.has('FlateDecode') || names.has('Fl');
    const content = isPlain && !names.has('Predictor') ? this.inflated(start, end) : undefined;
    if (content !== undefined) this.tokens(content.toString('latin1'), false);
    else
      addProblem(this.facts, {
        code: 'pdf-unread',
        offset: start,
        detail: 'objects in a stream that is not unpacked',
      });
  }

  private embedded(start: number, end: number): void {
    const payload = payloadName(this.inflated(start, end)?.subarray(0, 512) ?? Buffer.alloc(0));
    if (payload) this.uses.add('pdf-payload', payload, `the file at byte ${start}`, start);
  }

  /** Scripts may stand in streams of their own. */
  private maybeScript(start: number, end: number): void {
    if (this.script !== undefined || end - start > 65_536) return;
    const text = this.inflated(start, end)?.toString('latin1') ?? '';
    this.text({ kind: 'text', text, at: start, end });
  }

  private inflated(start: number, end: number): Buffer | undefined {
    if (this.inflatedBytes > ALL_INFLATED) return undefined;
    try {
      const content = inflateSync(this.content.subarray(start, end), {
        maxOutputLength: INFLATED,
        finishFlush: constants.Z_SYNC_FLUSH,
      });
      this.inflatedBytes += content.length;
      this.context.spending.spend('inflatedBytes', content.length);
      return content;
    } catch (error) {
      if (error instanceof Error && 'code' in error) return undefined;
      throw error;
    }
  }

  /** Bytes that are no token: what they are, and where the next object begins. */
  private wrong(source: string, token: PdfToken, isFile: boolean): PdfToken {
    NEXT.lastIndex = token.at + 1;
    const next = NEXT.exec(source)?.index ?? source.length;
    const payload = isFile ? payloadName(this.content.subarray(token.at, token.at + 512)) : undefined;
    const detail = `${payload ?? `${next - token.at} bytes`} that belong to no object`;
    const code = payload ? 'trailing-payload' : next === source.length && isFile ? 'trailing-bytes' : 'pdf-malformed';
    addProblem(this.facts, { code, offset: isFile ? token.at : 0, detail });
    return { kind: 'word', text: '', at: token.at, end: Math.max(next, token.at + 1) };
  }
}
