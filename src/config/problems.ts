// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { AirlockError } from '#src/domain/errors.ts';

export type KeyPath = readonly (string | number)[];

/** A whole configuration's worth of problems in one error, one a line. */
export function configInvalid(title: string, problems: readonly string[]): AirlockError {
  return new AirlockError('config-invalid', [`${title}:`, ...problems.map((problem) => `  ${problem}`)].join('\n'), {
    problems: problems.length,
  });
}

/** `sources[0].match` */
export function keyText(path: KeyPath): string {
  return path.map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i > 0 ? '.' : ''}${part}`)).join('');
}

/**
 * Each problem as key, value, and what was expected. `nameOf` says where the value came from: the key, or a variable
 * of the environment. An unknown key's value is never shown: it may be a secret under a wrong name.
 */
export function describeIssues(
  schema: z.ZodType,
  issues: readonly z.core.$ZodIssue[],
  raw: unknown,
  nameOf: (path: KeyPath) => string,
): string[] {
  return issues.flatMap((issue) => {
    const path = issue.path as KeyPath;
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => unknownKey([...path, key], nameOf, keysAt(schema, path, raw)));
    const value = valueAt(raw, path);
    const is = value === undefined ? 'is missing' : `${valueText(value)} is not allowed`;
    return [`${nameOf(path)}: ${is}; expected ${expected(issue)}`];
  });
}

function expected(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_union' && 'options' in issue) return `one of ${(issue.options as unknown[]).join(', ')}`;
  return issue.message;
}

/** Keys that people look for in the file; the file holds no secrets. */
const SECRET_KEYS: ReadonlyMap<string, string> = new Map([
  ['upstream.token', 'AIRLOCK_UPSTREAM_TOKEN'],
  ['upstreams[].token', 'AIRLOCK_UPSTREAM_TOKEN_<NAME>'],
  ['store.accessKey', 'AIRLOCK_S3_ACCESS_KEY'],
  ['store.secretKey', 'AIRLOCK_S3_SECRET_KEY'],
  ['adminToken', 'AIRLOCK_ADMIN_TOKEN'],
]);

function unknownKey(path: KeyPath, nameOf: (path: KeyPath) => string, known: readonly string[]): string {
  const name = nameOf(path.map((part) => (typeof part === 'string' ? shown(part) : part)));
  const variable = SECRET_KEYS.get(keyText(path).replace(/\[\d+\]/g, '[]'));
  if (variable) return `${name}: secrets are not read from the file; set ${variable} or ${variable}_FILE`;
  const near = nearest(String(path.at(-1)), known);
  const hint = near ? `did you mean "${near}"? ` : '';
  return `${name}: unknown key; ${hint}known keys are ${known.join(', ')}`;
}

function shown(part: string): string {
  return /^[\w-]{1,64}$/.test(part) ? part : JSON.stringify(part.slice(0, 64));
}

/** The keys that the schema knows at a path. */
function keysAt(schema: z.core.$ZodType, path: KeyPath, raw: unknown): readonly string[] {
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodNullable || schema instanceof z.ZodOptional)
    return keysAt(schema.unwrap(), path, raw);
  if (schema instanceof z.ZodDiscriminatedUnion) {
    const { kind } = (raw ?? {}) as { kind?: unknown };
    const option = schema.options.find((one) => one instanceof z.ZodObject && one.shape.kind?.safeParse(kind).success);
    return option ? keysAt(option, path, raw) : [];
  }
  const [head, ...rest] = path;
  if (schema instanceof z.ZodArray) return keysAt(schema.element, rest, valueAt(raw, path.slice(0, 1)));
  if (!(schema instanceof z.ZodObject)) return [];
  if (head === undefined) return Object.keys(schema.shape);
  const field = schema.shape[head];
  return field ? keysAt(field, rest, valueAt(raw, path.slice(0, 1))) : [];
}

function valueAt(raw: unknown, path: KeyPath): unknown {
  let value = raw;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}

/** JSON, short, without what may be a password in a URL. */
function valueText(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  const short = text.length > 80 ? `${text.slice(0, 77)}...` : text;
  return short.replace(/\/\/[^/]*@/g, '//***@').replace(/[^\x20-\x7e]/g, '?');
}

/** The known word that differs least, where it differs little. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (word.length > 64) return undefined;
  const ranked = known.map((candidate) => ({
    candidate,
    edits: editDistance(word.toLowerCase(), candidate.toLowerCase()),
  }));
  const best = ranked.sort((a, b) => a.edits - b.edits)[0];
  return best && best.edits <= Math.max(2, best.candidate.length / 3) ? best.candidate : undefined;
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
