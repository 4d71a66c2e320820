// SPDX-License-Identifier: Apache-2.0
import type { Bytes } from '../io/bytes.ts';
import { encodingOf, headText } from './encoding.ts';

/** Roots of documents that are written without an XML declaration too, and that no prose or vocabulary begins with. */
const ROOTS =
  /^<(?:PMML|net|opencv_storage|plist|svg|rss|feed|annotation|java|beans|object-stream|dynamic-proxy|sorted-set|linked-hash-set|linked-hash-map|xsl:stylesheet|xsl:transform|(?:java|javax|sun|com|org)\.[\w.]+)(?=[\s>/])/;

/**
 * An XML document by how it begins: the declaration, a document type that is not HTML's, or a root that is known. What
 * only begins with some tag may as well be a vocabulary (`<unk>`), a page or a model card.
 */
export function recogniseXml(bytes: Bytes, head: Uint8Array): string | undefined {
  const { label, name } = encodingOf(head);
  if (label === undefined) return name === 'EBCDIC' || /<\?xml/.test(printable(head)) ? 'xml' : undefined;
  const text = headText(head).replace(/^\ufeff/, '');
  if (/^<\?xml[\s?]/.test(text)) return 'xml';
  const rest = text.replace(/^(?:\s+|<!--[\s\S]*?-->|<\?[\s\S]*?\?>)+/, '');
  // A comment that does not end here hides what follows: a text that is none of XML does not begin so.
  if (rest.startsWith('<!--') && bytes.size > head.length) return 'xml';
  if (/^<!DOCTYPE\s/i.test(rest)) return /^<!DOCTYPE\s+html\b/i.test(rest) ? undefined : 'xml';
  return ROOTS.test(rest) ? 'xml' : undefined;
}

function printable(head: Uint8Array): string {
  return Buffer.from(head.subarray(0, 256)).toString('latin1').replaceAll('\0', '');
}
