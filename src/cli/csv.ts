// SPDX-License-Identifier: Apache-2.0

/**
 * A line of RFC 4180, every cell in quotes. What a spreadsheet would take for a formula gets an apostrophe in front: paths
 * and names come from strangers.
 */
export function csvLine(cells: readonly (string | number | null | undefined)[]): string {
  return `${cells.map((cell) => `"${disarmed(String(cell ?? '')).replaceAll('"', '""')}"`).join(',')}\r\n`;
}

/** Spreadsheets look behind white space, and take the wide signs for the narrow ones. */
function disarmed(text: string): string {
  return /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/.test(text) ? `'${text}` : text;
}
