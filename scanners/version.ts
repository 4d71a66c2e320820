// SPDX-License-Identifier: Apache-2.0
import { type Facts, UNREAD } from './facts.ts';
import { FORMATS, KNOWN_FORMATS } from './formats/index.ts';

/**
 * Of what every file goes through: sniffing, reading, decompressing, budgets. Raise it with every change there that can
 * make facts say something else about the same bytes. A change in one extractor raises that one's own version in
 * formats/index.ts, so that only the files it has read are read again.
 */
export const CORE_VERSION = '16';

/**
 * Whether every extractor that took part in these facts is still of the version that wrote them, and where none did for
 * something in the file, there is no new one.
 */
export function isCurrent({ extractors }: Facts): boolean {
  if (extractors === undefined) return false;
  return Object.entries(extractors).every(
    ([name, version]) => version === (name === UNREAD ? KNOWN_FORMATS : FORMATS[name]?.version),
  );
}

/** The extractors as a whole, for a rule set's version. */
export function extractorVersions(): string {
  const formats = Object.entries(FORMATS).map(([name, { version }]) => `${name} ${version}`);
  return [`core ${CORE_VERSION}`, ...formats.sort()].join('\n');
}
