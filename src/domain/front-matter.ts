// SPDX-License-Identifier: Apache-2.0
import { type Document, isMap, parseDocument, type YAMLMap } from 'yaml';

/** A YAML document whose root is a mapping. */
export type FrontMatter = Document & { readonly contents: YAMLMap };

/** Front matter beyond this is not read: parsing blocks the process, at about 3 ms a KiB in the worst case. */
const MAX_FRONT_MATTER = 256 * 1024;

/** The mapping at the head of a model card; or a sentence that says why there is none. The card is foreign. */
export function frontMatter(card: string): FrontMatter | string {
  const block = blockOf(card);
  return block.problem ?? parseFrontMatter(block.text);
}

type Block = { text: string; problem?: never } | { problem: string };

/** The block between `---` lines at the head of the card, found as huggingface_hub's `REGEX_YAML_BLOCK` finds it. */
function blockOf(card: string): Block {
  const text = card.replace(/^\ufeff/, '');
  const opening = /^\s*---[ \t]*\r?\n/.exec(text.slice(0, 1024));
  if (!opening) return { problem: 'README.md has no front matter' };
  const rest = text.slice(opening[0].length, opening[0].length + MAX_FRONT_MATTER);
  const closing = /^---[ \t]*$/m.exec(rest.replaceAll('\r', '\n'));
  if (closing) return { text: rest.slice(0, closing.index) };
  const long = text.length > opening[0].length + MAX_FRONT_MATTER;
  return { problem: long ? 'the front matter of README.md is too long' : 'the front matter of README.md has no end' };
}

function parseFrontMatter(text: string): FrontMatter | string {
  try {
    // The library compares every key with every other to find duplicates: minutes for a hostile card. Who
    // reads a key here looks for its twin by itself.
    const doc = parseDocument(text, {
      version: '1.2',
      schema: 'core',
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'silent',
    });
    if (doc.errors.length > 0 || doc.warnings.length > 0) return 'the front matter of README.md is not valid YAML';
    return isMap(doc.contents) ? (doc as unknown as FrontMatter) : 'the front matter of README.md is not a mapping';
  } catch {
    // Deep nesting overflows the parser's stack; whatever else it throws is the card's fault as well.
    return 'the front matter of README.md can not be parsed';
  }
}
