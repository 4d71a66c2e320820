// SPDX-License-Identifier: Apache-2.0
import type { Reason } from '#src/domain/decision.ts';
import type { LicenseEvidence } from '#src/domain/evidence.ts';
import { printable } from '#src/domain/repo.ts';
import { isAllowed, isUnnamed } from './license-allowlist.ts';
import { foundNames, judgeFound } from './license-found.ts';
import { reasonOf } from './reason.ts';
import type { LicenseRules } from './rules.ts';

export { readLicense } from './card.ts';

/**
 * The licence gate. Where the card has a list, each of its licences must be allowed: the Hub does not say whether a
 * list is a choice or a sum (code under one, weights under another), and only the sum is safe to assume. Who means a
 * choice writes `MIT OR GPL-3.0-only`.
 */
export function judgeLicense(evidence: LicenseEvidence, rules: LicenseRules): Reason[] {
  const unique = [...new Set(evidence.declared)];
  const unnamed = unique.filter((text) => isUnnamed(text, rules.allow));
  const refused = unique.filter((text) => !unnamed.includes(text) && !isAllowed(text, rules.allow));
  return [
    ...(unique.length === 0 ? [missing(evidence, rules)] : []),
    ...unnamed.map((text) =>
      reasonOf('license-other', effectOf(rules.other, evidence, rules), otherText(text, evidence)),
    ),
    ...refused.map((text) =>
      reasonOf('license-not-allowed', rules.notAllowed, `license ${printable(text)} is not on the allowlist`),
    ),
    ...judgeFound(evidence, rules),
  ];
}

function missing(evidence: LicenseEvidence, rules: LicenseRules): Reason {
  const effect = rules.missing === 'allow' ? 'note' : effectOf(rules.missing, evidence, rules);
  return reasonOf('license-missing', effect, `no license is declared: ${evidence.from}${alsoFound(evidence)}`);
}

/** Where the configuration lets a license count that files of the repo hold, nothing is missing. */
function effectOf(
  configured: 'hold' | 'deny',
  evidence: LicenseEvidence,
  rules: LicenseRules,
): 'note' | 'hold' | 'deny' {
  const names = foundNames(evidence);
  const all = names.length > 0 && evidence.foundLeftOff === undefined;
  const count = rules.foundCounts && all && names.every(({ name }) => isAllowed(name, rules.allow));
  return count ? 'note' : configured;
}

function otherText(text: string, evidence: LicenseEvidence): string {
  const name = evidence.name === undefined ? '' : ` (the card calls it ${printable(evidence.name)})`;
  return `license ${printable(text)}${name} is none that the allowlist can name${alsoFound(evidence)}`;
}

const SHOWN = 4;

function alsoFound(evidence: LicenseEvidence): string {
  const names = foundNames(evidence);
  if (names.length === 0) return '';
  return `; ${names
    .slice(0, SHOWN)
    .map(({ path, says, name }) => `${printable(path)} ${says} ${printable(name)}`)
    .join(', ')}`;
}
