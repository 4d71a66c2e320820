// SPDX-License-Identifier: Apache-2.0
import type { Context } from 'hono';
import { AirlockError } from '#src/domain/errors.ts';
import { printable } from '#src/domain/repo.ts';

/*
 * Query parameters as clients write them: Python "True" and "true", JavaScript "true", a person nothing at all; a list
 * as repeated `name` or `name[]`, in older versions as one text with commas.
 */

/** Values of one parameter; what is beyond is not looked at. */
const MAX_VALUES = 100;

export function flag(c: Context, name: string): boolean {
  const value = c.req.query(name);
  return value !== undefined && !/^(false|0)$/i.test(value);
}

/** Of a parameter that is off unless it says on. */
export function isTrue(value: unknown): boolean {
  return value === true || (typeof value === 'string' && /^(true|1)$/i.test(value));
}

/** Undefined where the parameter is not there. */
export function values(c: Context, name: string): string[] | undefined {
  const found = [...(c.req.queries(name) ?? []), ...(c.req.queries(`${name}[]`) ?? [])];
  if (found.length === 0) return undefined;
  const parts = found.slice(0, MAX_VALUES).flatMap((value) => value.split(','));
  return [...new Set(parts.filter((part) => part !== ''))].slice(0, MAX_VALUES);
}

/** Undefined where the parameter is not there. @throws as {@link wholeNumberOf} */
export function wholeNumber(c: Context, name: string, least: number, most: number): number | undefined {
  const value = c.req.query(name);
  return value === undefined ? undefined : wholeNumberOf(name, value, least, most);
}

/** A whole number from `least` on, cut at `most`. @throws AirlockError bad-request */
export function wholeNumberOf(name: string, value: string, least: number, most: number): number {
  const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= least))
    throw new AirlockError('bad-request', `${printable(value)} is no ${name}: a whole number from ${least} on.`);
  return Math.min(number, most);
}
