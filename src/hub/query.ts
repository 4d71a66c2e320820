// SPDX-License-Identifier: Apache-2.0
import type { Context } from 'hono';

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

/** Undefined where the parameter is not there. */
export function values(c: Context, name: string): string[] | undefined {
  const found = [...(c.req.queries(name) ?? []), ...(c.req.queries(`${name}[]`) ?? [])];
  if (found.length === 0) return undefined;
  const parts = found.slice(0, MAX_VALUES).flatMap((value) => value.split(','));
  return [...new Set(parts.filter((part) => part !== ''))].slice(0, MAX_VALUES);
}
