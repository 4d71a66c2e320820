// SPDX-License-Identifier: Apache-2.0

export type WideEncoding = 'utf-16le' | 'utf-16be' | 'utf-32le' | 'utf-32be';

/**
 * RFC 4627, 3, by which Python's `json.loads` still takes bytes: the first two characters of a document are ASCII, so
 * that the zeros around them, or a mark before them, tell its encoding. A document begins with a bracket.
 */
export function wideJson(head: Uint8Array): WideEncoding | undefined {
  return WIDE.find((encoding) => {
    const width = encoding.startsWith('utf-16') ? 2 : 4;
    const first = characterAt(head, 0, width, encoding) === MARK ? width : 0;
    const character = characterAt(head, first, width, encoding);
    const next = characterAt(head, first + width, width, encoding);
    return (character === 0x7b || character === 0x5b) && next > 0 && next < 0x80;
  });
}

const WIDE: readonly WideEncoding[] = ['utf-32le', 'utf-32be', 'utf-16le', 'utf-16be'];
const MARK = 0xfeff;

function characterAt(bytes: Uint8Array, at: number, width: number, encoding: WideEncoding): number {
  const unit = [...bytes.subarray(at, at + width)];
  if (unit.length < width) return -1;
  return (encoding.endsWith('le') ? unit.reverse() : unit).reduce((value, byte) => value * 256 + byte, 0);
}

/** The same text in UTF-8, or `undefined` when it is not in that encoding. */
export function narrowed(bytes: Uint8Array, encoding: WideEncoding): Buffer | undefined {
  try {
    const text =
      encoding === 'utf-32le' || encoding === 'utf-32be'
        ? fromUtf32(bytes, encoding === 'utf-32le')
        : new TextDecoder(encoding, { fatal: true }).decode(bytes);
    return Buffer.from(text.charCodeAt(0) === MARK ? text.slice(1) : text);
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return undefined;
    throw error;
  }
}

/** @throws RangeError */
function fromUtf32(bytes: Uint8Array, isLittle: boolean): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 4) parts.push(String.fromCodePoint(view.getUint32(at, isLittle)));
  return parts.join('');
}
