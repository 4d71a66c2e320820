// SPDX-License-Identifier: Apache-2.0
import type { Facts } from '../facts.ts';
import { addTemplate, hasTags, TEMPLATE_BYTES } from '../jinja/uses.ts';
import { UseList } from '../uses.ts';
import type { Extractor } from './context.ts';

const LINE_CHARACTERS = 64 * 1024;

/** What is looked for line by line; a use is made of the first group, or of the whole match. */
const LINE_USES: readonly (readonly [scheme: string, pattern: RegExp])[] = [
  ['yaml-tag', /(?:^|[\s:,[{-])(!!python\/[\w./:]+|!(?:new|apply|call|obj|include|import|eval|exec)\b[\w:./]*)/],
  ['yaml-target', /^\s*(?:-\s*)?["']?(_target_|trust_remote_code|auto_map)["']?\s*:\s*\S/],
  ['python-import', /^\s*(?:import|from)\s+([A-Za-z_][\w.]*)/],
  [
    'python-call',
    /^(?:\w+\s*=\s*)?((?:os|subprocess|pty|socket|ctypes|runpy|shutil|requests|urllib\.request)\.\w+|exec|eval|__import__|compile)\s*\(/,
  ],
  ['xml-declaration', /(<!(?:DOCTYPE|ENTITY)\b[^>]{0,60})/],
  [
    'credential',
    /\b(AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|hf_[A-Za-z0-9]{34}|xox[abpr]-[\w-]{20,}|AIza[\w-]{35})\b/,
  ],
  ['credential', /(-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----)/],
  ['test-virus', /(X5O!P%@AP\[4\\PZX54\(P\^\)7CC\)7\})/],
];

/** UTF-8 text, read to its end. What is no text after all says so. */
export const text: Extractor = async (facts, bytes) => {
  const reader = new TextReader(facts);
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  const cursor = bytes.cursor();
  for (;;) {
    const offset = cursor.offset;
    const chunk = await cursor.chunk();
    try {
      reader.read(utf8.decode(chunk, { stream: chunk.length > 0 }));
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      facts.format = 'unknown';
      facts.problems.push({ code: 'not-text', offset, detail: 'the bytes are no UTF-8 text' });
      return;
    }
    if (chunk.length === 0) break;
  }
  reader.end();
};

class TextReader {
  private readonly facts: Facts;
  private readonly uses: UseList;
  private line = '';
  private lineNumber = 1;
  private start = '';
  private controls = 0;

  constructor(facts: Facts) {
    this.facts = facts;
    this.uses = new UseList(facts);
  }

  read(part: string): void {
    if (this.start.length < TEMPLATE_BYTES) this.start += part;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    this.controls += part.match(/[\x00-\x08\x0e-\x1a\x1c-\x1f]/g)?.length ?? 0;
    const lines = (this.line + part).split('\n');
    this.line = lines.pop() ?? '';
    for (const line of lines) this.readLine(line);
    if (this.line.length > LINE_CHARACTERS) {
      this.readLine(this.line.slice(0, -256), false);
      this.line = this.line.slice(-256);
    }
  }

  end(): void {
    this.readLine(this.line);
    if (this.controls > 0)
      this.facts.problems.push({ code: 'text-controls', detail: `${this.controls} control characters in a text` });
    if (this.start.startsWith('#!')) this.note('script', 1, this.start.slice(0, 80).split('\n')[0] ?? '');
    if (/^\s*<(?:\?xml|!doctype|html|svg)/i.test(this.start)) this.note('markup', 1, this.start.trim().slice(0, 40));
    if (this.facts.size > TEMPLATE_BYTES) this.note('long-template', 1, `${this.facts.size} bytes`);
    else if (hasTags(this.start)) addTemplate(this.uses, this.start, 'the file,');
  }

  private readLine(line: string, whole = true): void {
    for (const [scheme, pattern] of LINE_USES) {
      const match = pattern.exec(line);
      if (match) this.note(scheme, this.lineNumber, match[1] ?? match[0]);
    }
    if (whole) this.lineNumber++;
  }

  private note(scheme: string, line: number, name: string): void {
    this.uses.add(scheme, name, `line ${line}`);
  }
}
