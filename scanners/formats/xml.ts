// SPDX-License-Identifier: Apache-2.0
import { type Facts, newFacts } from '../facts.ts';
import type { Bytes } from '../io/bytes.ts';
import { UseList } from '../uses.ts';
import { encodingOf } from '../xml/encoding.ts';
import { type Vocabulary, vocabularyOf } from '../xml/listeners.ts';
import { MalformedXml, type XmlElement, type XmlListener, XmlParser } from '../xml/parser.ts';
import type { Extractor } from './context.ts';
import { text } from './text.ts';

/**
 * An XML document, read to its end: what its document type declares, what it includes and links, what its root is and
 * what the vocabulary of the root names. Nothing is expanded or fetched.
 */
export const xml: Extractor = async (facts, bytes, context) => {
  const { label, name } = encodingOf(bytes.head());
  if (label === undefined)
    return void facts.problems.push({
      code: 'xml-encoding',
      offset: 0,
      detail: `the encoding is ${name.slice(0, 40)}`,
    });
  const reader = new DocumentReader(facts);
  const parser = new XmlParser(reader);
  try {
    await eachPiece(bytes, label, (piece) => parser.feed(piece));
    parser.end();
    reader.end();
  } catch (error) {
    if (!(error instanceof MalformedXml) && !(error instanceof UndecodableXml)) throw error;
    const place = error instanceof MalformedXml ? `line ${error.line}: ` : '';
    facts.problems.push({ code: 'xml-malformed', detail: `${place}${error.message}` });
    await findDeclarations(bytes, label, reader);
  }
  await asText(facts, bytes, context);
};

class UndecodableXml extends Error {}

async function eachPiece(bytes: Bytes, label: string, take: (piece: string) => void): Promise<void> {
  const decoder = new TextDecoder(label, { fatal: true });
  const cursor = bytes.cursor();
  for (;;) {
    const chunk = await cursor.chunk();
    let piece: string;
    try {
      piece = decoder.decode(chunk, { stream: chunk.length > 0 });
    } catch {
      throw new UndecodableXml(`the bytes near ${cursor.offset} are no ${label}`);
    }
    if (piece.length > 0) take(piece);
    if (chunk.length === 0) return;
  }
}

/** A parser that mends what is broken may still act on what a broken document declares. */
async function findDeclarations(bytes: Bytes, label: string, reader: DocumentReader): Promise<void> {
  const decoder = new TextDecoder(label);
  const cursor = bytes.cursor();
  let tail = '';
  for (let chunk = await cursor.chunk(); chunk.length > 0; chunk = await cursor.chunk()) {
    const piece = tail + decoder.decode(chunk, { stream: true });
    const found = /<!(?:ENTITY\s[^>]{0,100}|DOCTYPE\s[^>[]{0,100}\[)/i.exec(piece);
    if (found) return reader.entity(`in a broken document: ${found[0]}`, 0);
    tail = piece.slice(-100);
  }
}

/** Secrets and the antivirus test string are looked for in any text. */
async function asText(facts: Facts, bytes: Bytes, context: Parameters<Extractor>[2]): Promise<void> {
  const plain = newFacts('text', bytes.size);
  await text(plain, bytes, context);
  const uses = new UseList(facts);
  for (const { scheme, name, at } of plain.uses ?? [])
    if (scheme === 'credential' || scheme === 'test-virus') uses.add(scheme, name, at);
}

const JAVA_NAME = /^(?:java|javax|jdk|sun|com|org|net|io|groovy|clojure|freemarker)\.[\w.$-]+$/;
const TRANSFORM = 'http://www.w3.org/1999/XSL/Transform';

class DocumentReader implements XmlListener {
  private readonly facts: Facts;
  private readonly uses: UseList;
  private vocabulary: Vocabulary | undefined;
  private root = '';

  constructor(facts: Facts) {
    this.facts = facts;
    this.uses = new UseList(facts);
  }

  open(element: XmlElement): void {
    if (element.depth === 1) this.start(element);
    this.anywhere(element);
    this.vocabulary?.open(element);
  }

  close(depth: number): void {
    this.vocabulary?.close?.(depth);
  }

  text(text: string): void {
    this.vocabulary?.text?.(text);
  }

  end(): void {
    this.vocabulary?.end?.();
  }

  instruction(target: string, content: string, line: number): void {
    if (target !== 'xml') this.uses.add('xml-instruction', `${target} ${content}`.slice(0, 150), `line ${line}`);
  }

  doctype(text: string, hasSubset: boolean, line: number): void {
    this.root = text.split(/\s/, 1)[0] ?? '';
    this.uses.add('xml-doctype', hasSubset ? `${text} [...]` : text, `line ${line}`);
  }

  /** Illustrator declares its namespaces as entities of a picture: a plain text, which refers to nothing. */
  entity(text: string, line: number): void {
    const plain = this.root === 'svg' && /^\w+ (?:"[^"&%<]*"|'[^'&%<]*')$/.test(text);
    this.uses.add(plain ? 'svg-entity' : 'xml-entity', text, `line ${line}`);
  }

  reference(name: string, line: number): void {
    if (this.root !== 'svg') this.uses.add('xml-entity', `a reference to ${name}`, `line ${line}`);
  }

  private start(element: XmlElement): void {
    const { format, vocabulary } = vocabularyOf(element, this.uses);
    this.facts.format = format;
    if (this.root !== '' && this.root.split(':').at(-1) !== element.local)
      this.uses.add('xml-entity', `the type of another root, ${this.root}`, `line ${element.line}`);
    this.vocabulary = vocabulary;
    if (vocabulary === undefined) {
      const { local, namespace, line } = element;
      this.uses.add('xml-root', namespace === '' ? local : `{${namespace}}${local}`, `line ${line}`);
    }
  }

  /** What some reader acts on wherever it stands. */
  private anywhere({ local, namespace, attributes, line }: XmlElement): void {
    const place = `line ${line}`;
    if (JAVA_NAME.test(local) || local === 'dynamic-proxy') this.uses.add('xml-class', local, place);
    for (const [name, value] of attributes) {
      if (name === 'xmlns' || name.startsWith('xmlns:')) this.uses.add('xml-namespace', value, place);
      else if (/^(?:\w+:)?(?:noNamespaceSchemaLocation|schemaLocation)$/.test(name)) this.locations(value, place);
      else if (name === 'class' && JAVA_NAME.test(value)) this.uses.add('xml-class', value, place);
      else if (namespace === TRANSFORM) {
        const call = /\b(document|doc|unparsed-text|system-property|transform|evaluate)\s*\(/.exec(value)?.[1];
        if (call !== undefined) this.uses.add('xml-transform', `${call}()`, place);
      }
    }
    if (namespace === TRANSFORM) this.uses.add('xml-transform', local, place);
  }

  private locations(value: string, place: string): void {
    for (const part of value.split(/\s+/)) if (part !== '') this.uses.add('xml-schema-location', part, place);
  }
}
