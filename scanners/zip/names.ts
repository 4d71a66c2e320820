// SPDX-License-Identifier: Apache-2.0

/** What bytes of 0x80 and more stand for where no flag says UTF-8 (APPNOTE.TXT appendix D). */
const CP437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0';

/** In what else writers have put names, each by the language of its machine. */
const CHARSETS = ['utf-8', 'windows-1252', 'shift_jis', 'gbk', 'big5', 'euc-kr', 'windows-1251', 'ibm866'];

export function isAscii(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte < 0x80);
}

export function isUtf8(bytes: Uint8Array): boolean {
  return decoded(bytes, 'utf-8') !== undefined;
}

function cp437(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte < 0x80 ? String.fromCharCode(byte) : CP437[byte - 0x80];
  return text;
}

/**
 * Under which names readers may look a member up or write it: two members that share one are the same file to some
 * reader. Case, the form of accents, separators, and what Windows drops at the end of a name are no difference.
 */
export function keysOf(raw: Uint8Array): string[] {
  const texts = isAscii(raw) ? [Buffer.from(raw).toString('latin1')] : [Buffer.from(raw).toString('utf8'), cp437(raw)];
  return [...new Set(texts.map(keyOf))];
}

export function keyOf(name: string): string {
  return pathKey(name).toLowerCase();
}

/** The same for those who tell capitals apart. */
export function pathKey(name: string): string {
  const parts = name
    .replace(/\0.*$/s, '')
    .normalize('NFC')
    .split(/[/\\]+/)
    .map((part) => part.replace(/(?<=[^. ])[. ]+$/, ''));
  return parts.filter((part, i) => part !== '.' && (part !== '' || (i > 0 && i === parts.length - 1))).join('/');
}

/** Whether the UTF-8 text is the header's name, as its writer may have spelt it for old readers. */
export function isSameName(header: Uint8Array, utf8: Uint8Array): boolean {
  if (Buffer.compare(header, utf8) === 0) return true;
  const text = decoded(utf8, 'utf-8');
  if (text === undefined) return false;
  const plain = Buffer.from(header).toString('latin1');
  // Info-ZIP writes what its character set lacks as a number.
  const unescaped = plain.replace(/#[UL]([0-9a-f]{6}|[0-9a-f]{4})/gi, (whole, hex: string) => {
    const code = Number.parseInt(hex, 16);
    return code > 0x7f && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
  const spellings = [unescaped, cp437(header), ...CHARSETS.map((charset) => decoded(header, charset))];
  return spellings.some((spelling) => spelling?.normalize('NFC') === text.normalize('NFC'));
}

function decoded(bytes: Uint8Array, charset: string): string | undefined {
  try {
    return new TextDecoder(charset, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
