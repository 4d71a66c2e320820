// SPDX-License-Identifier: Apache-2.0
import { isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import type { LicenseEvidence } from '#src/domain/evidence.ts';
import { frontMatter } from '#src/domain/front-matter.ts';
import { CARD_PATH } from './files.ts';

const MAX_LICENSES = 32;
const MAX_TEXT = 256;

/**
 * What the card's front matter says about the licence. The card is foreign: whatever is odd about it (too long, not
 * YAML, the key twice, an alias, a value of another type) means that it declares nothing, and `from` says why. It
 * never means that a part of it counts.
 */
export function readLicense(card: string | undefined, matter = frontMatter(card ?? '')): LicenseEvidence {
  if (card === undefined) return unread('the repo has no README.md');
  if (typeof matter === 'string') return unread(matter);
  const doc = matter.contents;
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

function licenseNames(doc: YAMLMap): string[] | string {
  const value = valueAt(doc, 'license');
  if (value === undefined) return 'README.md names no license';
  if (value === 'twice') return 'README.md has the key "license" twice';
  if (isScalar(value) && value.value === null) return 'README.md names no license';
  const items = isSeq(value) ? value.items : [value];
  const names = items.map(textOf);
  if (names.length > MAX_LICENSES) return 'README.md names too many licenses';
  if (!names.every((name) => name !== undefined)) return 'the "license" of README.md is not text or a list of texts';
  return names;
}

/** The value of a top-level key. Aliases are no values here: nobody needs them to say one word. */
export function valueAt(doc: YAMLMap, key: string): Node | undefined | 'twice' {
  const pairs = doc.items.filter((pair) => isScalar(pair.key) && pair.key.value === key);
  if (pairs.length > 1) return 'twice';
  return pairs[0]?.value as Node | undefined;
}

function textAt(doc: YAMLMap, key: string): string | undefined {
  const value = valueAt(doc, key);
  return value === 'twice' ? undefined : textOf(value);
}

export function textOf(node: unknown): string | undefined {
  if (!isScalar(node) || typeof node.value !== 'string') return undefined;
  const text = node.value.trim();
  return text === '' || text.length > MAX_TEXT || /\p{Cc}/u.test(text) ? undefined : text;
}
