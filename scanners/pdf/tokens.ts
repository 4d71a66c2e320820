// SPDX-License-Identifier: Apache-2.0

/** ISO 32000-2, 7.2 and 7.3: what a PDF file is made of outside of its streams. */
export interface PdfToken {
  readonly kind: 'name' | 'text' | 'number' | 'word' | 'sign' | 'wrong';
  /** Names and texts are decoded; a wrong one has the text up to the next white space. */
  readonly text: string;
  readonly at: number;
  readonly end: number;
}

const BLANK = /(?:[\0\t\n\f\r ]+|%[^\r\n]*)*/y;
const TOKEN =
  /\/([^\0\t\n\f\r ()<>[\]{}/%]*)|(<<|>>|[[\]{}])|<([\da-fA-F\0\t\n\f\r ]*)>|([-+]?(?:\d+\.?\d*|\.\d+)(?=[\0\t\n\f\r ()<>[\]{}/%]|$))|([A-Za-z*'"]+(?=[\0\t\n\f\r ()<>[\]{}/%]|$))/y;
const SPECIAL = /[()\\]/g;

/** The token at or behind `start`, in a text with a character for each byte; undefined at the end. */
export function pdfToken(source: string, start: number): PdfToken | undefined {
  BLANK.lastIndex = start;
  BLANK.exec(source);
  const at = BLANK.lastIndex;
  if (at >= source.length) return undefined;
  if (source[at] === '(') return literal(source, at);
  TOKEN.lastIndex = at;
  const match = TOKEN.exec(source);
  if (match === null) return { kind: 'wrong', text: source.slice(at, at + 40), at, end: at };
  const end = TOKEN.lastIndex;
  const [, name, sign, hex, number, word] = match;
  if (name !== undefined) return { kind: 'name', text: withoutHex(name), at, end };
  if (sign !== undefined) return { kind: 'sign', text: sign, at, end };
  if (hex !== undefined)
    return { kind: 'text', text: Buffer.from(`${hex.replace(/[^\da-f]/gi, '')}`, 'hex').toString('latin1'), at, end };
  return number !== undefined ? { kind: 'number', text: number, at, end } : { kind: 'word', text: word ?? '', at, end };
}

/** A text in round brackets, which nest. */
function literal(source: string, at: number): PdfToken {
  SPECIAL.lastIndex = at;
  let depth = 0;
  for (let match = SPECIAL.exec(source); match !== null; match = SPECIAL.exec(source)) {
    if (match[0] === '\\') SPECIAL.lastIndex++;
    else if (match[0] === '(') depth++;
    else if (--depth === 0)
      return { kind: 'text', text: unescaped(source.slice(at + 1, match.index)), at, end: match.index + 1 };
  }
  return { kind: 'wrong', text: source.slice(at, at + 40), at, end: at };
}

function withoutHex(name: string): string {
  return name.includes('#')
    ? name.replace(/#([\da-fA-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : name;
}

function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(?:([0-7]{1,3})|\r?\n|([\s\S]))/g, (_all, octal?: string, other?: string) =>
    octal ? String.fromCharCode(Number.parseInt(octal, 8) & 0xff) : (other ?? ''),
  );
}
