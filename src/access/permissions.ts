// SPDX-License-Identifier: Apache-2.0

/**
 * What somebody may do. `read`: what is served. `request`: ask for what needs a person. `inspect`: the evidence behind a
 * decision. `review`: decide. `administer`: tokens and the mirror itself. `audit`: who did and who read what.
 */
export const PERMISSIONS = ['read', 'request', 'inspect', 'review', 'administer', 'audit'] as const;
export type Permission = (typeof PERMISSIONS)[number];

export const ROLES = ['reader', 'requester', 'reviewer', 'auditor', 'admin'] as const;
export type Role = (typeof ROLES)[number];

const PERMISSIONS_OF: Readonly<Record<Role, readonly Permission[]>> = {
  reader: ['read'],
  requester: ['read', 'request'],
  reviewer: ['read', 'request', 'inspect', 'review'],
  auditor: ['read', 'inspect', 'audit'],
  admin: PERMISSIONS,
};

/** Somebody with several roles may do what any of them may. */
export function rolesAllow(roles: readonly Role[], permission: Permission): boolean {
  return roles.some((role) => PERMISSIONS_OF[role].includes(permission));
}

/** For texts: who could have done it. */
export function rolesWith(permission: Permission): Role[] {
  return ROLES.filter((role) => PERMISSIONS_OF[role].includes(permission));
}

/** Out of the index. A role that this version does not know is none. */
export function parseRoles(json: string): Role[] {
  const names = parseTexts(json);
  return ROLES.filter((role) => names.includes(role));
}

/** What is no list of texts is an empty one: whoever edited the index gains nothing by it. */
export function parseTexts(json: string): string[] {
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : [];
  } catch {
    return [];
  }
}
