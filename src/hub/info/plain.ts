// SPDX-License-Identifier: Apache-2.0

/*
 * Cards and configurations are foreign: a field may hold anything. These say whether a value is of a kind, and give
 * undefined where it is not.
 */

/** Names, tags and the like: longer than this is none. */
const MAX_WORD = 256;

export function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A short text that is not empty. */
export function word(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= MAX_WORD ? value : undefined;
}

/** The words of a list; one word stands for a list of one. */
export function words(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).flatMap((item) => word(item) ?? []);
}

/** The object in a JSON text. */
export function jsonRecord(json: string | undefined): Record<string, unknown> | undefined {
  try {
    return json === undefined ? undefined : record(JSON.parse(json));
  } catch {
    return undefined;
  }
}

/** The fields that have a value: JSON has no undefined, and clients tell a missing key from a null. */
export function given<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
