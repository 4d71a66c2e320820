// SPDX-License-Identifier: Apache-2.0
import type { Facts } from '../facts.ts';
import type { Bytes } from '../io/bytes.ts';
import { addTemplate, hasTags, TEMPLATE_BYTES } from '../jinja/uses.ts';
import { identifyLicenses } from '../license/identify.ts';
import { encodingsOf, readText } from '../text/decode.ts';
import { assignedSecrets } from '../text/secrets.ts';
import { commandShapes } from '../text/shell.ts';
import { PlaceFinder, TextUses } from '../text/uses.ts';
import { readWhole } from '../text/whole.ts';
import { SecretWindow } from '../text/window.ts';
import { UseList } from '../uses.ts';
import type { Extractor } from './context.ts';

/** So much of a text is read as what it may be: Python, YAML, a script, markup. Secrets are looked for in all of it. */
const WHOLE_CHARACTERS = 4 * 1024 * 1024;
/** Longer than any command that is looked for. */
const OVERLAP = 1024;
/** Secrets that only their name tells are looked for in as much of a JSON document. */
const ASSIGNED_CHARACTERS = 1024 * 1024;

/** Text in UTF-8, UTF-16 with its mark, or latin-1, read to its end. What is no text after all says so. */
export const text: Extractor = async (facts, bytes) => {
  for (const encoding of encodingsOf(bytes.head())) {
    const reader = new TextReader();
    if (!(await readText(bytes, encoding, (part, offset) => reader.read(part, offset)))) continue;
    const start = reader.report(facts, encoding);
    const license = await identifyLicenses(start);
    if (license) facts.license = license;
    return;
  }
  facts.format = 'unknown';
  facts.problems.push({ code: 'not-text', offset: 0, detail: 'the bytes are text in no known encoding' });
};

/** What JSON and other formats that are text share with it: credentials. */
export async function readSecrets(facts: Facts, bytes: Bytes): Promise<void> {
  const secrets = new Secrets();
  await readText(bytes, 'utf-8', (part, offset) => secrets.read(part, offset));
  secrets.report(facts);
}

/** Credentials in a document that somebody else reads, part by part. */
export class Secrets {
  private readonly window = new SecretWindow();
  private start = '';

  read(part: string, offset: number): void {
    if (this.start.length < ASSIGNED_CHARACTERS) this.start += part;
    this.window.read(part, offset);
  }

  report(facts: Facts): void {
    const uses = new TextUses(facts);
    this.window.report(uses);
    const places = new PlaceFinder(this.start);
    for (const { name, at } of assignedSecrets(this.start)) uses.add('credential', name, places.lineOf(at));
  }
}

class TextReader {
  private readonly window = new SecretWindow();
  private readonly parts: string[] = [];
  private kept = 0;
  private length = 0;
  private controls = 0;
  private tail = '';
  private hasCode = false;
  private hasTags = false;
  private readonly shapes = new Set<string>();

  read(part: string, offset: number): void {
    if (this.kept < WHOLE_CHARACTERS) this.parts.push(part.slice(0, WHOLE_CHARACTERS - this.kept));
    if (this.kept + part.length > WHOLE_CHARACTERS) this.beyond(part.slice(Math.max(0, WHOLE_CHARACTERS - this.kept)));
    this.kept += part.length;
    this.length += part.length;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    this.controls += part.match(/[\x00-\x08\x0e-\x1a\x1c-\x1f]/g)?.length ?? 0;
    this.window.read(part, offset);
  }

  /**
   * Behind what is read as a whole only this is looked for: commands of a script, and that there is something else to
   * read.
   */
  private beyond(part: string): void {
    const text = this.tail + part;
    this.tail = part.slice(-OVERLAP);
    this.hasCode ||= /[(@]|\b(?:import|exec|class|def)\b/.test(text);
    this.hasTags ||= /(?:^|[\s[{,:-])!|\b_target_\b|\bclass_path\b/.test(text);
    if (this.parts[0]?.startsWith('#!')) for (const { name } of commandShapes(text)) this.shapes.add(name);
  }

  /** Returns the text, or its beginning. */
  report(facts: Facts, encoding: string): string {
    const start = this.parts.join('');
    const uses = new TextUses(facts);
    if (encoding !== 'utf-8') uses.add('text-encoding', encoding, 'the file');
    if (this.controls > 0)
      facts.problems.push({ code: 'text-controls', detail: `${this.controls} control characters in a text` });
    this.window.report(uses, new PlaceFinder(start));
    readWhole(start, uses);
    for (const shape of this.shapes)
      for (const scheme of ['shell-shape', 'script-shape']) uses.add(scheme, shape, 'behind the beginning');
    if (this.hasCode) uses.add('long-code', `${this.length} characters`, 'the file');
    if (this.hasTags) uses.add('long-tags', `${this.length} characters`, 'the file');
    if (this.length > WHOLE_CHARACTERS) uses.add('long-text', `${this.length} characters`, 'the file');
    if (this.length > TEMPLATE_BYTES) uses.add('long-template', `${facts.size} bytes`, 'line 1');
    else if (hasTags(start)) addTemplate(new UseList(facts), start, 'the file,');
    return start;
  }
}
