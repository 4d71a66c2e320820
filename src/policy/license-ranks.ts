// SPDX-License-Identifier: Apache-2.0

/** How much a license asks of who uses the work: the first row that fits; what fits none asks the most. */
const RANKS: readonly (readonly [what: string, ids: RegExp])[] = [
  [
    'attribution at most',
    /^(?:0BSD|AFL|Apache|BlueOak|BSD|bsd|BSL|CC0|CC-BY-\d|CDLA-Permissive|ECL|etalab|ISC|MIT$|MIT-0|NCSA|ODC-By|OpenMDW|PDDL|PostgreSQL|Python|Unlicense|UPL|WTFPL|X11|Zlib)/,
  ],
  ['sharing changed parts alike', /^(?:Artistic|CC-BY-SA-\d|CDLA-Sharing|EPL|LGPL|LPPL|MPL|MS-PL|ODbL|OFL)/],
  ['sharing the whole alike', /^(?:AGPL|EUPL|GPL|OSL)/],
];

export function isStricter(license: string, declared: readonly string[]): boolean {
  return rankOf(license) > Math.max(...declared.map(rankOf));
}

function rankOf(license: string): number {
  const rank = RANKS.findIndex(([, ids]) => ids.test(license));
  return rank === -1 ? RANKS.length : rank;
}
