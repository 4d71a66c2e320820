// SPDX-License-Identifier: Apache-2.0
import { namedCharacter } from '../text/character-names.ts';
import { MalformedTemplate } from './nodes.ts';

const SIMPLE: Readonly<Record<string, string>> = {
  '\n': '',
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|N\{([^}]*)\}|([\s\S]))/g;

/** Python's string escapes, as `unicode-escape` decodes them. An unknown one stays as it is written. */
export function unescaped(text: string, line: number): string {
  if (!text.includes('\\')) return text;
  return text.replace(ESCAPE, (whole, x, u, U, octal, name, other: string) => {
    const hex: string | undefined = x ?? u ?? U;
    if (hex !== undefined) return character(Number.parseInt(hex, 16), line);
    if (octal !== undefined) return character(Number.parseInt(octal, 8), line);
    if (name !== undefined) return namedCharacter(name);
    if (other === 'x' || other === 'u' || other === 'U' || other === 'N')
      throw new MalformedTemplate(line, 'a text with a broken escape');
    return SIMPLE[other] ?? whole;
  });
}

function character(code: number, line: number): string {
  if (code > 0x10ffff) throw new MalformedTemplate(line, 'a text with a broken escape');
  return String.fromCodePoint(code);
}
