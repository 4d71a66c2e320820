// SPDX-License-Identifier: Apache-2.0

const UNITS: readonly (readonly [name: string, bytes: number])[] = [
  ['B', 1],
  ['kB', 1e3],
  ['MB', 1e6],
  ['GB', 1e9],
  ['TB', 1e12],
  ['KiB', 2 ** 10],
  ['MiB', 2 ** 20],
  ['GiB', 2 ** 30],
  ['TiB', 2 ** 40],
];

/** `1048576`, `"1 MiB"`, `"1.5 GB"`: undefined where it is no whole number of bytes from 0 up. */
export function parseBytes(value: unknown): number | undefined {
  const bytes = typeof value === 'string' ? fromText(value) : value;
  return typeof bytes === 'number' && Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : undefined;
}

function fromText(text: string): number | undefined {
  const match = /^(\d{1,16}(?:\.\d{1,6})?) ?([A-Za-z]{1,3})$/.exec(text.trim());
  const unit = UNITS.find(([name]) => name.toLowerCase() === match?.[2]?.toLowerCase());
  return match && unit ? Math.round(Number(match[1]) * unit[1]) : undefined;
}

/** The largest unit that says it without a fraction. */
export function formatBytes(bytes: number): string {
  const unit = UNITS.toReversed().find(([, size]) => bytes > 0 && bytes % size === 0 && bytes / size < 10_000);
  return unit ? `${bytes / unit[1]} ${unit[0]}` : `${bytes} B`;
}
