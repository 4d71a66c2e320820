// SPDX-License-Identifier: Apache-2.0

interface WithPath {
  readonly path: string;
}

/** Sorted by the UTF-8 bytes of the path: JavaScript's own order differs beyond the Basic Multilingual Plane. */
export function sortByPath<T extends WithPath>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, key: Buffer.from(item.path) }))
    .sort((a, b) => Buffer.compare(a.key, b.key))
    .map(({ item }) => item);
}

/** True where {@link sortByPath} would change nothing and no path occurs twice. */
export function isSortedByPath(items: readonly WithPath[]): boolean {
  const keys = items.map((item) => Buffer.from(item.path));
  return keys.every((key, i) => {
    const previous = keys[i - 1];
    return previous === undefined || Buffer.compare(previous, key) < 0;
  });
}
