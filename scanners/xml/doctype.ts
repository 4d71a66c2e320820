// SPDX-License-Identifier: Apache-2.0

/** What a document type declares, as it is written. */
export interface DoctypeListener {
  /** `root`, then the external identifier if any, such as `svg PUBLIC "..." "..."`. */
  doctype(text: string, hasSubset: boolean, line: number): void;
  /** The declaration in short, such as `x SYSTEM "file:///..."` or `% p "..."`. */
  entity(text: string, line: number): void;
  /** A reference to an entity that is not predefined, in the document or in the subset. */
  reference(name: string, line: number): void;
}

const SHOWN = 200;

/**
 * `<!DOCTYPE ... [ ... ]>` at the start of the buffer (XML 1.0, section 2.8): tells what it declares and returns its
 * length, or `undefined` when it is not complete yet. Inside the subset quotes, comments and instructions may hold `>`
 * and `]`.
 */
export function readDoctype(buffer: string, line: number, listener: DoctypeListener): number | undefined {
  let subset = -1;
  let markup = -1;
  const found: string[] = [];
  let at = '<!DOCTYPE'.length;
  for (;;) {
    at = next(buffer, at, subset < 0 || markup >= 0);
    if (at < 0) return undefined;
    const character = buffer[at];
    if (character === '[' && subset < 0) subset = at;
    else if (character === '<' && subset >= 0 && markup < 0) markup = at;
    else if (character === '>' && markup >= 0) {
      found.push(buffer.slice(markup, at + 1));
      markup = -1;
    } else if (character === '>') break;
    at++;
  }
  const head = buffer.slice('<!DOCTYPE'.length, subset < 0 ? at : subset);
  tell(head, found, subset < 0 ? '' : buffer.slice(subset, at), subset >= 0, line, listener);
  return at + 1;
}

/** The next character that matters, behind comments, instructions and (where they quote) quotes; -1: not there yet. */
function next(buffer: string, from: number, quotes: boolean): number {
  const delimiter = quotes ? /[<>[\]"']/g : /[<>[\]]/g;
  for (let at = from; ; ) {
    delimiter.lastIndex = at;
    const match = delimiter.exec(buffer);
    if (match === null) return -1;
    const close = closing(buffer, match.index);
    if (close === undefined) return match.index;
    const end = buffer.indexOf(close, match.index + (close.length === 1 ? 1 : 2));
    if (end < 0) return -1;
    at = end + close.length;
  }
}

function closing(buffer: string, at: number): string | undefined {
  const character = buffer[at];
  if (character === '"' || character === "'") return character;
  if (buffer.startsWith('<!--', at)) return '-->';
  return buffer.startsWith('<?', at) ? '?>' : undefined;
}

function tell(
  head: string,
  declarations: readonly string[],
  subset: string,
  hasSubset: boolean,
  line: number,
  listener: DoctypeListener,
): void {
  listener.doctype(shortened(head), hasSubset, line);
  for (const declaration of declarations) {
    const entity = /^<!ENTITY\s([\s\S]*)>$/i.exec(declaration)?.[1];
    if (entity !== undefined) listener.entity(shortened(entity), line);
  }
  for (const [, name = ''] of subset.matchAll(/%([\w:.-]{1,100});/g)) listener.reference(`%${name}`, line);
}

function shortened(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, SHOWN);
}
