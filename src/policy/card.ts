// SPDX-License-Identifier: Apache-2.0
import { isMap, isScalar, isSeq, type Node, parseDocument, type YAMLMap } from 'yaml';
import type { LicenseEvidence } from '#src/domain/evidence.ts';
import { CARD_PATH } from './files.ts';

/** Front matter beyond this is not read: parsing blocks the process, at about 3 ms a KiB in the worst case. */
const MAX_FRONT_MATTER = 256 * 1024;
const MAX_LICENSES = 32;
const MAX_TEXT = 256;

/**
 * What the card's front matter says about the licence. The card is foreign: whatever is odd about it (too long, not
 * YAML, the key twice, an alias, a value of another type) means that it declares nothing, and `from` says why. It
 * never means that a part of it counts.
 */
export function readLicense(card: string | undefined): LicenseEvidence {
  if (card === undefined) return unread('the repo has no README.md');
  const block = frontMatter(card);
  if (block.problem !== undefined) return unread(block.problem);
  const doc = parseFrontMatter(block.text);
  if (typeof doc === 'string') return unread(doc);
  const license = licenseNames(doc);
  if (typeof license === 'string') return unread(license);
  const name = textAt(doc, 'license_name');
  const link = textAt(doc, 'license_link');
  return {
    declared: license,
    ...(name === undefined ? {} : { name }),
    ...(link === undefined ? {} : { link }),
    from: CARD_PATH,
  };
}

function unread(from: string): LicenseEvidence {
  return { declared: [], from };
}

type FrontMatter = { text: string; problem?: never } | { problem: string };

/** The block between `---` lines at the head of the card, found as huggingface_hub's `REGEX_YAML_BLOCK` finds it. */
function frontMatter(card: string): FrontMatter {
  const text = card.replace(/^\ufeff/, '');
  const opening = /^\s*---[ \t]*\r?\n/.exec(text.slice(0, 1024));
  if (!opening) return { problem: 'README.md has no front matter' };
  const rest = text.slice(opening[0].length, opening[0].length + MAX_FRONT_MATTER);
  const closing = /^---[ \t]*$/m.exec(rest.replaceAll('\r', '\n'));
  if (closing) return { text: rest.slice(0, closing.index) };
  const long = text.length > opening[0].length + MAX_FRONT_MATTER;
  return { problem: long ? 'the front matter of README.md is too long' : 'the front matter of README.md has no end' };
}

function parseFrontMatter(text: string): YAMLMap | string {
  try {
    // The library compares every key with every other to find duplicates: minutes for a hostile card. Here the
    // licence's keys alone are checked, in `valueAt`.
    const doc = parseDocument(text, {
      version: '1.2',
      schema: 'core',
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'silent',
    });
    if (doc.errors.length > 0 || doc.warnings.length > 0) return 'the front matter of README.md is not valid YAML';
    return isMap(doc.contents) ? doc.contents : 'the front matter of README.md is not a mapping';
  } catch {
    // Deep nesting overflows the parser's stack; whatever else it throws is the card's fault as well.
    return 'the front matter of README.md can not be parsed';
  }
}

function licenseNames(doc: YAMLMap): string[] | string {
  const value = valueAt(doc, 'license');
  if (value === undefined) return 'README.md names no license';
  if (value === 'twice') return 'README.md has the key "license" twice';
  if (isScalar(value) && value.value === null) return 'README.md names no license';
  const items = isSeq(value) ? value.items : [value];
  const names = items.map(scalarText);
  if (names.length > MAX_LICENSES) return 'README.md names too many licenses';
  if (!names.every((name) => name !== undefined)) return 'the "license" of README.md is not text or a list of texts';
  return names;
}

/** The value of a top-level key. Aliases are no values here: nobody needs them to say one word. */
function valueAt(doc: YAMLMap, key: string): Node | undefined | 'twice' {
  const pairs = doc.items.filter((pair) => isScalar(pair.key) && pair.key.value === key);
  if (pairs.length > 1) return 'twice';
  return pairs[0]?.value as Node | undefined;
}

function textAt(doc: YAMLMap, key: string): string | undefined {
  const value = valueAt(doc, key);
  return value === 'twice' ? undefined : scalarText(value);
}

function scalarText(node: unknown): string | undefined {
  if (!isScalar(node) || typeof node.value !== 'string') return undefined;
  const text = node.value.trim();
  return text === '' || text.length > MAX_TEXT || /\p{Cc}/u.test(text) ? undefined : text;
}
