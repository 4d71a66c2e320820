// SPDX-License-Identifier: Apache-2.0
import type { Summary } from './summary.ts';

/** What lists are ordered by. Nobody counts likes and downloads here: those orders are that of the last change. */
export const SORTS: ReadonlyMap<string, SortKey> = new Map([
  ['lastModified', 'lastModified'],
  ['last_modified', 'lastModified'],
  ['createdAt', 'createdAt'],
  ['created_at', 'createdAt'],
  ['id', 'id'],
  ['num_parameters', 'parameters'],
  ...['downloads', 'downloadsAllTime', 'likes', 'likes30d', 'likesRecent', 'trendingScore', 'trending_score'].map(
    (name): [string, SortKey] => [name, 'lastModified'],
  ),
]);

export type SortKey = 'lastModified' | 'createdAt' | 'id' | 'parameters';

export interface Order {
  readonly key: SortKey;
  readonly descending: boolean;
}

/** A place in an order: of a repo, whether it is listed or not. */
export type Place = readonly [value: string, id: string];

export function placeOf(summary: Summary, { key }: Order): Place {
  // Of one length, so that text order is number order.
  const value = key === 'parameters' ? String(summary.parameters ?? 0).padStart(17, '0') : summary[key];
  return [value, summary.id];
}

/** By value and then by id, so that no two repos have one place. */
export function comparePlaces(a: Place, b: Place, { descending }: Order): number {
  const byValue = compare(a[0], b[0]);
  return byValue === 0 ? compare(a[1], b[1]) : descending ? -byValue : byValue;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
