// SPDX-License-Identifier: Apache-2.0

/** How a document's bytes become text: by byte order mark, by the first bytes, or by its declaration (XML 1.0, appendix F). */
export interface Encoding {
  /** A label of TextDecoder; `undefined` when the encoding is one that is not read. */
  readonly label: string | undefined;
  /** As the document says it. */
  readonly name: string;
}

const FIRST_BYTES: readonly (readonly [bytes: readonly number[], name: string, label?: string])[] = [
  [[0x00, 0x00, 0xfe, 0xff], 'UTF-32BE'],
  [[0xff, 0xfe, 0x00, 0x00], 'UTF-32LE'],
  [[0x00, 0x00, 0x00, 0x3c], 'UTF-32BE'],
  [[0x3c, 0x00, 0x00, 0x00], 'UTF-32LE'],
  [[0xfe, 0xff], 'UTF-16BE', 'utf-16be'],
  [[0xff, 0xfe], 'UTF-16LE', 'utf-16le'],
  [[0x00, 0x3c, 0x00], 'UTF-16BE', 'utf-16be'],
  [[0x3c, 0x00], 'UTF-16LE', 'utf-16le'],
  [[0x4c, 0x6f, 0xa7, 0x94], 'EBCDIC'],
  [[0xef, 0xbb, 0xbf], 'UTF-8', 'utf-8'],
];

export function encodingOf(head: Uint8Array): Encoding {
  for (const [bytes, name, label] of FIRST_BYTES)
    if (bytes.every((byte, i) => head[i] === byte)) return { label, name };
  const declared = /^\s*<\?xml[^>]*?\bencoding\s*=\s*["']([^"']{1,40})["']/.exec(latin1(head))?.[1];
  if (declared === undefined) return { label: 'utf-8', name: 'UTF-8' };
  // What says UTF-16 here and has no zero bytes is none: readers fall back to UTF-8.
  if (/^(?:utf-?16|ucs-?2|iso-10646)/i.test(declared)) return { label: 'utf-8', name: declared };
  try {
    return { label: new TextDecoder(declared).encoding, name: declared };
  } catch {
    return { label: undefined, name: declared };
  }
}

function latin1(head: Uint8Array): string {
  return Buffer.from(head.subarray(0, 512)).toString('latin1');
}

/** The beginning as text, as far as it can be decoded. */
export function headText(head: Uint8Array): string {
  const { label } = encodingOf(head);
  return label === undefined ? '' : new TextDecoder(label).decode(head);
}
