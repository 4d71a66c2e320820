// SPDX-License-Identifier: Apache-2.0
import { decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import type { Clock } from '#src/domain/clock.ts';
import { type Sha256, sha256Of } from '#src/domain/digest.ts';
import type { Actor } from './actor.ts';
import { createGrants } from './grants.ts';
import { type ClaimRule, nameIn, rightsOf } from './oidc-claims.ts';
import { createIssuerKeys, type IssuerKeys, issuerUnavailable } from './oidc-keys.ts';

/** Whose tokens count here, and for what. */
export interface OidcIssuer {
  /** As the `iss` claim has it, letter for letter. */
  readonly issuer: string;
  /** What tokens for this mirror carry as `aud`. */
  readonly audience: string;
  /** The claim that says whose it is. */
  readonly owner: string;
  /** How long after it was issued a token counts, whatever it says itself. */
  readonly maxAgeSeconds: number;
  readonly roles: readonly ClaimRule[];
}

/** What a JSON Web Token that was sent is; `none` where no issuer of ours made it. */
export type OidcKnown =
  | { readonly type: 'live'; readonly actor: Actor }
  | { readonly type: 'refused'; readonly issuer: string; readonly why: string }
  | { readonly type: 'none' };

export interface Oidc {
  /** @throws AirlockError issuer-unavailable: only the issuer could tell */
  recognise(token: string): Promise<OidcKnown>;
}

export interface OidcOptions {
  readonly issuers: readonly OidcIssuer[];
  readonly clock: Clock;
  readonly cooldownMilliseconds?: number;
}

/** Signatures by a private key alone: `none` is none, and with HS256 a public key would be a password. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
/** Clocks of two machines. */
const TOLERANCE_SECONDS = 30;
/** Node takes 16 KiB of headers in all. */
const MAX_CHARACTERS = 12_000;
const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/;
const REMEMBERED = 10_000;
/** For so long a key that the issuer withdrew still counts for a token that was verified with it. */
const FRESH_MILLISECONDS = 60_000;

interface Verified {
  readonly actor: Actor;
  readonly until: number;
}

/** Tokens of other issuers, of people's single sign-on and of CI jobs: who it is, they say; what that may, we do. */
export function createOidc({ issuers, clock, cooldownMilliseconds }: OidcOptions): Oidc {
  const more = cooldownMilliseconds === undefined ? {} : { cooldownMilliseconds };
  const names = new Set(issuers.map(({ issuer }) => issuer));
  const keys = new Map<string, IssuerKeys>(
    [...names].map((issuer) => [issuer, createIssuerKeys({ issuer, clock, ...more })]),
  );
  const verified = new LRUCache<Sha256, Verified>({ max: REMEMBERED });

  async function verify(token: string, issuer: OidcIssuer): Promise<OidcKnown & { until?: number }> {
    const now = clock.now();
    const payload = await payloadOf(token, issuer, now, keys.get(issuer.issuer));
    if (typeof payload === 'string') return { type: 'refused', issuer: issuer.issuer, why: payload };
    const rights = rightsOf(issuer.roles, payload);
    const owner = nameIn(payload, issuer.owner);
    if (!rights)
      return { type: 'refused', issuer: issuer.issuer, why: 'no rule of the configuration matches its claims' };
    if (owner === undefined)
      return { type: 'refused', issuer: issuer.issuer, why: `its claim "${issuer.owner}" is no name` };
    const until = Math.min((payload.exp ?? 0) * 1000, now.getTime() + FRESH_MILLISECONDS);
    return { type: 'live', actor: actorOf(payload, issuer, owner, rights), until };
  }

  return {
    async recognise(token) {
      if (names.size === 0 || token.length > MAX_CHARACTERS || !JWT.test(token)) return { type: 'none' };
      const digest = sha256Of(token);
      const known = verified.get(digest);
      if (known && clock.now().getTime() < known.until) return { type: 'live', actor: known.actor };
      const issuer = issuerOf(token, issuers);
      if (!issuer) return { type: 'none' };
      const { until, ...found } = await verify(token, issuer);
      if (found.type === 'live' && until !== undefined) verified.set(digest, { actor: found.actor, until });
      return found;
    },
  };
}

/** Nothing that it says is believed yet: it only chooses whose keys it is verified with. */
function issuerOf(token: string, issuers: readonly OidcIssuer[]): OidcIssuer | undefined {
  try {
    const { iss, aud } = decodeJwt(token);
    const ours = issuers.filter(({ issuer }) => issuer === iss);
    return ours.find(({ audience }) => [aud].flat().includes(audience)) ?? ours[0];
  } catch {
    return undefined;
  }
}

/** The claims, or why they do not count. @throws AirlockError issuer-unavailable */
async function payloadOf(
  token: string,
  { issuer, audience, maxAgeSeconds }: OidcIssuer,
  currentDate: Date,
  keys: IssuerKeys | undefined,
): Promise<JWTPayload | string> {
  if (!keys) return 'its issuer is not known';
  const key = await keys.get();
  try {
    const { payload } = await jwtVerify(token, key, {
      issuer,
      audience,
      algorithms: ALGORITHMS,
      clockTolerance: TOLERANCE_SECONDS,
      maxTokenAge: maxAgeSeconds,
      requiredClaims: ['exp', 'iat', 'sub'],
      currentDate,
    });
    return payload;
  } catch (error) {
    if (isRefusal(error)) return error.message;
    throw issuerUnavailable(issuer, error);
  }
}

/** What is wrong with the token. Anything else happened on the way to the keys. */
function isRefusal(error: unknown): error is errors.JOSEError {
  return (
    error instanceof errors.JOSEError && /^ERR_(?:JWT|JWS|JOSE_ALG|JOSE_NOT|JWKS_NO|JWKS_MULTIPLE)/.test(error.code)
  );
}

/** Named with its issuer in records: another one's "ann" is somebody else. */
function actorOf(
  { iss, sub, iat, exp }: JWTPayload,
  { issuer }: OidcIssuer,
  name: string,
  { roles, grants }: { roles: Actor['roles']; grants: readonly string[] },
): Actor {
  return {
    id: `oidc-${sha256Of(`${iss}\n${sub}`).slice(0, 12)}`,
    name,
    owner: `${name} at ${new URL(issuer).host}`,
    roles,
    grants: createGrants(grants),
    via: 'oidc',
    ...(iat === undefined ? {} : { createdAt: isoOf(iat) }),
    ...(exp === undefined ? {} : { expiresAt: isoOf(exp) }),
  };
}

function isoOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
