// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { GRANT } from '#src/access/grants.ts';
import { ROLES } from '#src/access/permissions.ts';
import { isConfidential } from '#src/domain/loopback.ts';
import { list, mapping, oneOf, text, wholeNumber } from './fields.ts';

const MAX_AGE_SECONDS = 30 * 24 * 60 * 60;

const rule = mapping({
  claims: z
    .record(z.string().min(1), z.string().min(1), { error: 'a mapping of claims to the text that each must have' })
    .refine((claims) => Object.keys(claims).length > 0, 'at least one claim: without one, everybody matches'),
  roles: list(oneOf(ROLES)).min(1, { error: 'at least one role' }),
  grants: list(z.string().regex(GRANT, 'a repo such as org/name, or a pattern with "*"')).prefault([]),
});

/** An issuer of OpenID Connect, and who of its people may do what. */
export const oidcIssuer = mapping({
  issuer: z.string().refine(isIssuer, {
    error: 'an https:// URL without query, as the claim "iss" has it; http on this machine alone',
  }),
  audience: text('the text that the claim "aud" must hold'),
  owner: text('the name of a claim').prefault('sub'),
  maxAgeSeconds: wholeNumber(60, MAX_AGE_SECONDS).prefault(86_400),
  roles: list(rule).min(1, { error: 'at least one rule: without one, nobody can do anything' }),
});

function isIssuer(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  return isConfidential(url) && url.username === '' && url.search === '' && url.hash === '';
}
