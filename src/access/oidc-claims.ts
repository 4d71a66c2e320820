// SPDX-License-Identifier: Apache-2.0
import { ROLES, type Role } from './permissions.ts';

/** Who carries all of these claims, word for word, has these roles and grants. */
export interface ClaimRule {
  readonly claims: Readonly<Record<string, string>>;
  readonly roles: readonly Role[];
  readonly grants: readonly string[];
}

export interface Rights {
  readonly roles: readonly Role[];
  readonly grants: readonly string[];
}

/** All rules that match, together; undefined where none does: the token is good, and nobody gave it anything to do here. */
export function rightsOf(rules: readonly ClaimRule[], claims: Readonly<Record<string, unknown>>): Rights | undefined {
  const matching = rules.filter((rule) =>
    Object.entries(rule.claims).every(([name, value]) => has(claims, name, value)),
  );
  if (matching.length === 0) return undefined;
  const roles = new Set(matching.flatMap((rule) => rule.roles));
  return {
    roles: ROLES.filter((role) => roles.has(role)),
    grants: [...new Set(matching.flatMap((rule) => rule.grants))],
  };
}

/** Equal, or one of a list, as groups are. Never a part, a pattern or another case: a subject is a name, not a prefix. */
function has(claims: Readonly<Record<string, unknown>>, name: string, value: string): boolean {
  const actual = Object.hasOwn(claims, name) ? claims[name] : undefined;
  return Array.isArray(actual) ? actual.includes(value) : actual === value;
}

/** A person's name, as records have it: one line that somebody can read. */
export function nameIn(claims: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  return typeof value === 'string' && /^\P{C}{1,150}$/u.test(value) && value.trim() === value ? value : undefined;
}
