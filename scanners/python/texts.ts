// SPDX-License-Identifier: Apache-2.0
import { DECODED, textValue, type Value } from './values.ts';

/** Constant texts that a source builds up instead of writing them: what the method of this text gives. */
export function textMethod(text: string, method: string, args: readonly Value[], origin: number): Value | undefined {
  const [first, second] = args;
  switch (method) {
    case 'join':
      return first?.items?.every((item) => item.text !== undefined)
        ? textValue(first.items.map((item) => item.text).join(text), origin)
        : first?.text === undefined
          ? undefined
          : textValue([...first.text].join(text), origin);
    case 'replace':
      return first?.text !== undefined && first.text !== '' && second?.text !== undefined
        ? textValue(
            text.replaceAll(first.text, () => second.text ?? ''),
            origin,
          )
        : undefined;
    case 'lower':
    case 'casefold':
      return textValue(text.toLowerCase(), origin);
    case 'upper':
      return textValue(text.toUpperCase(), origin);
    case 'swapcase':
      return textValue(
        [...text].map((c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase())).join(''),
        origin,
      );
    case 'strip':
      return textValue(text.trim(), origin);
    case 'decode':
    case 'encode':
      return first?.text === undefined ? textValue(text, origin) : decoded(text, first.text, origin);
    case 'format':
      return formatted(text, args, origin);
    case 'split':
      return {
        refs: [],
        origin,
        items: text
          .split(first?.text || /\s+/)
          .slice(0, 64)
          .map((part) => textValue(part, origin)),
      };
    default:
      return undefined;
  }
}

function formatted(text: string, args: readonly Value[], origin: number): Value | undefined {
  let next = 0;
  let known = true;
  const result = text.replace(/\{(\d*)\}/g, (_all, index: string) => {
    const value = args[index === '' ? next++ : Number(index)]?.text;
    known &&= value !== undefined;
    return value ?? '';
  });
  return known ? textValue(result, origin) : undefined;
}

function decoded(text: string, codec: string, origin: number): Value {
  const name = codec.toLowerCase().replace(/[-_ ]/g, '');
  if (name === 'rot13') return textValue(rot13(text), origin | DECODED);
  if (name === 'hex' || name === 'hexcodec')
    return textValue(Buffer.from(text, 'hex').toString('latin1'), origin | DECODED);
  if (name.startsWith('base64')) return textValue(Buffer.from(text, 'base64').toString('latin1'), origin | DECODED);
  return textValue(text, origin);
}

function rot13(text: string): string {
  return text.replace(/[a-z]/gi, (c) => {
    const base = c <= 'Z' ? 65 : 97;
    return String.fromCharCode(((c.charCodeAt(0) - base + 13) % 26) + base);
  });
}

/** What a function of the library makes of constants. */
export function libraryText(ref: string, args: readonly Value[]): Value | undefined {
  const [first, second] = args;
  const text = first?.text;
  if (ref === 'builtins.chr' && first?.number !== undefined) return textValue(charOf(first.number));
  if (ref === 'builtins.str' && text !== undefined) return textValue(text, first?.origin);
  if (/^builtins\.(?:bytes|bytearray)$/.test(ref) && first?.items?.every((item) => item.number !== undefined))
    return textValue(first.items.map((item) => charOf(item.number ?? 0)).join(''), DECODED);
  if (/^builtins\.(?:bytes|bytearray)$/.test(ref) && text !== undefined) return textValue(text, first?.origin);
  if (ref === 'builtins.reversed' && text !== undefined) return textValue([...text].reverse().join(''), first?.origin);
  if (text === undefined) return undefined;
  if (/^builtins\.(?:bytes|bytearray)\.fromhex$|^binascii\.(?:unhexlify|a2b_hex)$/.test(ref))
    return textValue(Buffer.from(text.replace(/\s/g, ''), 'hex').toString('latin1'), DECODED);
  if (/^base64\.(?:\w*b64decode|decodebytes|decodestring)$|^binascii\.a2b_base64$/.test(ref))
    return textValue(Buffer.from(text, 'base64').toString('latin1'), DECODED);
  if (/^base64\.b(?:16|32)decode$/.test(ref)) return { refs: [], origin: DECODED };
  if (ref === 'codecs.decode' && second?.text !== undefined) return decoded(text, second.text, DECODED);
  return undefined;
}

function charOf(code: number): string {
  return code >= 0 && code <= 0x10ffff ? String.fromCodePoint(Math.floor(code)) : '?';
}

/** Calls whose result is something decoded, unpacked or fetched. */
const DECODERS =
  /^(?:base64\.\w*decode\w*|binascii\.(?:a2b_\w+|unhexlify)|codecs\.(?:decode|getdecoder)|zlib\.(?:decompress|decompressobj)|gzip\.decompress|bz2\.decompress|lzma\.decompress|marshal\.loads?|builtins\.(?:bytes|bytearray)\.fromhex|cryptography\.[\w.]*|Crypto\.[\w.]*|nacl\.[\w.]*)(?:[.()].*)?$/;
const FETCHERS =
  /^(?:requests\.(?:get|post|put|request|Session)|urllib\.request\.\w+|urllib2\.\w+|urllib3\.\w+|httpx\.\w+|aiohttp\.\w+|http\.client\.\w+|ftplib\.\w+|socket\.\w+|dns\.[\w.]*)\(\).*$/;

export function originOf(ref: string): number {
  return (DECODERS.test(ref) ? DECODED : 0) | (FETCHERS.test(ref) ? 2 : 0);
}
