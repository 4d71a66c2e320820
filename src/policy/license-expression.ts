// SPDX-License-Identifier: Apache-2.0
import parseSpdx from 'spdx-expression-parse';
import spdxSatisfies from 'spdx-satisfies';
import { canonicalId } from './license-names.ts';

/** One licence of an expression. `text` is its SPDX spelling with `+` and `WITH`. */
export interface LicenseTerms {
  readonly type: 'terms';
  readonly text: string;
  readonly license: string;
  readonly orLater: boolean;
}

/** An SPDX license expression (SPDX 2.3 annex D). */
export type LicenseTree =
  | LicenseTerms
  | { readonly type: 'and' | 'or'; readonly left: LicenseTree; readonly right: LicenseTree };

/** Beyond any honest licence, and short enough for a recursive parser. */
const MAX_EXPRESSION = 256;

/** Undefined where the text is no SPDX expression, such as the Hub's `gemma`. */
export function parseExpression(text: string): LicenseTree | undefined {
  if (text.length > MAX_EXPRESSION) return undefined;
  try {
    return treeOf(parseSpdx(canonicalWords(text)));
  } catch {
    return undefined;
  }
}

/** The Hub writes ids in lower case and people write `and`; the parser wants SPDX's own spelling. */
function canonicalWords(text: string): string {
  return text.replace(/[A-Za-z0-9.-]+/g, (word) =>
    /^(?:and|or|with)$/i.test(word) ? word.toUpperCase() : canonicalId(word),
  );
}

function treeOf(node: parseSpdx.Info): LicenseTree {
  if ('conjunction' in node) return { type: node.conjunction, left: treeOf(node.left), right: treeOf(node.right) };
  const orLater = node.plus === true || node.license.endsWith('-or-later');
  const exception = node.exception === undefined ? '' : ` WITH ${node.exception}`;
  return { type: 'terms', license: node.license, orLater, text: `${node.license}${node.plus ? '+' : ''}${exception}` };
}

/**
 * Does what is allowed cover what is offered? Equal terms do. Versions matter where one side says "or later":
 * `Apache-1.1+` may be taken as Apache-2.0, and an entry `GPL-2.0-or-later` covers GPL-3.0-only.
 */
export function sameTerms(offered: LicenseTerms, allowed: LicenseTerms): boolean {
  if (offered.text === allowed.text) return true;
  if (!offered.orLater && !allowed.orLater) return false;
  if (isMisread(offered) || isMisread(allowed)) return false;
  return spdxSatisfies(offered.text, [allowed.text]);
}

/**
 * spdx-satisfies 6.0.0 tests for `-or-later` by `indexOf(...) === length - 9`, which an eight-letter id without it
 * meets with -1: it takes `CDDL-1.0` for "or later", and so for covered by `CDDL-1.1+`.
 */
function isMisread(terms: LicenseTerms): boolean {
  return terms.license.length === 8 && !terms.orLater;
}
