// SPDX-License-Identifier: Apache-2.0
import type { Reason } from '#src/domain/decision.ts';
import type { FoundLicense, LicenseEvidence, LicenseName } from '#src/domain/evidence.ts';
import type { RepoPath } from '#src/domain/path.ts';
import { printable } from '#src/domain/repo.ts';
import { isAllowed, isUnnamed } from './license-allowlist.ts';
import { type LicenseTree, parseExpression } from './license-expression.ts';
import { canonicalId, isHubName } from './license-names.ts';
import { isStricter } from './license-ranks.ts';
import { reasonOf } from './reason.ts';
import type { LicenseRules } from './rules.ts';

/** A license that a file of the repo holds or names, and how it does. */
interface FoundName {
  readonly path: RepoPath;
  readonly name: string;
  readonly says: string;
}

/** A sentence's worth: whose name stands in a license, or that it is one. More may be a condition. */
const MAX_UNEXPLAINED = 10;
/** Where a license is named alone: who holds the rights, and a sentence that says so. */
const MAX_BESIDE_NAME = 40;

/** Names that mean something: links, and names that nobody knows, are told and decide nothing. */
export function foundNames({ found = [] }: LicenseEvidence): FoundName[] {
  return found.flatMap((file) => namesOf(file).filter(({ name }) => isKnown(name)));
}

/**
 * What files say against what the card declares. Where it declares none, a license that is found counts like a declared
 * one; where it declares another, that is a question for a person, unless both are allowed and the found one asks no
 * more than the declared.
 */
export function judgeFound(evidence: LicenseEvidence, rules: LicenseRules): Reason[] {
  const { found = [], declared } = evidence;
  const named = declared.filter((text) => !isUnnamed(text, rules.allow));
  const compared = once(foundNames(evidence)).flatMap((one) => judgeName(one, named, rules));
  const texts = found.flatMap((file) => judgeText(file, rules));
  return [...compared, ...leftOff(evidence, rules), ...found.flatMap(unknownNames), ...texts];
}

/** What was not looked at may be anything: who writes many license files must not hide one among them. */
function leftOff({ foundLeftOff = 0 }: LicenseEvidence, { disagrees }: LicenseRules): Reason[] {
  if (foundLeftOff === 0) return [];
  const message = `${foundLeftOff} more files say something about licenses that was not compared`;
  return [reasonOf('license-disagrees', disagrees, message)];
}

function judgeName({ path, name, says }: FoundName, declared: readonly string[], rules: LicenseRules): Reason[] {
  const allowed = isAllowed(name, rules.allow);
  const words = `${printable(path)} ${says} ${printable(name)}`;
  if (declared.length === 0) {
    const message = `${words}, which is not on the allowlist`;
    return allowed ? [] : [reasonOf('license-not-allowed', rules.notAllowed, message, path)];
  }
  if (declared.some((text) => agrees(name, text))) return [];
  const own = declared.flatMap(termsOf);
  const harmless = allowed && termsOf(name).every((term) => !isStricter(canonicalId(term), own));
  const effect = harmless ? 'note' : rules.disagrees;
  const why = allowed ? '' : ', and it is not on the allowlist';
  const message = `${words}, and the card declares ${declared.map(printable).join(', ')}${why}`;
  return [reasonOf('license-disagrees', effect, message, path)];
}

/** A key that says what no list of licenses knows: a sentence, the title of a model's own terms. */
function unknownNames(file: FoundLicense): Reason[] {
  return namesOf(file)
    .filter(({ name }) => !isKnown(name) && !/^(?:other|unknown|none|https?:.*)$/i.test(name))
    .map(({ path, name, says }) =>
      reasonOf(
        'license-disagrees',
        'note',
        `${printable(path)} ${says} ${printable(name)}, which names no license`,
        path,
      ),
    );
}

/** A license file with more in it than licenses: further terms, or a license that is not known. */
function judgeText({ path, found, words, unexplained = 0 }: FoundLicense, { unrecognized }: LicenseRules): Reason[] {
  const texts = found.filter(({ by }) => by === 'text').map(({ name }) => name);
  if (found.length === 0) {
    const what = words === undefined ? 'no license' : `a text of about ${words} words`;
    const message = `${printable(path)} holds ${what} that is known`;
    return [reasonOf('license-unrecognized', unrecognized, message, path)];
  }
  // A file that only names a license, and has a text of its own: of a title that is known without its text that is the rule.
  const isTitled = found.some(({ by, name }) => by === 'title' && isHubName(name));
  const most = texts.length > 0 ? MAX_UNEXPLAINED : isTitled ? Number.POSITIVE_INFINITY : MAX_BESIDE_NAME;
  if (unexplained <= most) return [];
  const names = texts.length > 0 ? texts : found.map(({ name }) => printable(name));
  const message = `${printable(path)} holds ${names.join(', ')} and about ${unexplained} words that belong to no known license`;
  return [reasonOf('license-unrecognized', unrecognized, message, path)];
}

function namesOf({ path, found }: FoundLicense): FoundName[] {
  return found.map(({ name, by, at }) => ({ path, name, says: saysOf(by, at) }));
}

function saysOf(by: LicenseName['by'], at = ''): string {
  if (by === 'text') return 'holds the text of';
  if (by === 'key') return `says in its metadata (${printable(at)})`;
  return by === 'tag' ? 'is tagged' : 'names';
}

/** One reason a license and file, however often it is said. */
function once(names: readonly FoundName[]): FoundName[] {
  return [...new Map(names.map((one) => [`${canonicalId(one.name)}\0${one.path}`, one])).values()];
}

function isKnown(name: string): boolean {
  return isHubName(name) || parseExpression(name) !== undefined;
}

/** The same license, or one of those that an expression names; the text of a license does not tell "or later". */
export function agrees(found: string, declared: string): boolean {
  const family = declared.toLowerCase();
  if (family === found.toLowerCase()) return true;
  const [terms, others] = [termsOf(found), termsOf(declared)];
  if (terms.every((one) => others.some((other) => baseOf(one) === baseOf(other)))) return true;
  return FAMILIES.has(family) && terms.every((one) => one.toLowerCase().startsWith(`${family}-`));
}

/** Names of the Hub for a family; its members are told apart in the text alone. */
const FAMILIES: ReadonlySet<string> = new Set(['bsd', 'cc', 'gpl', 'lgpl']);

function termsOf(text: string): string[] {
  const tree = parseExpression(text);
  return tree === undefined ? [text] : leaves(tree);
}

function leaves(tree: LicenseTree): string[] {
  return tree.type === 'terms' ? [tree.license] : [...leaves(tree.left), ...leaves(tree.right)];
}

function baseOf(license: string): string {
  return license.toLowerCase().replace(/-(?:only|or-later)$/, '');
}
