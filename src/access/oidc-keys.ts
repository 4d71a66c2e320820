// SPDX-License-Identifier: Apache-2.0
import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';
import * as z from 'zod';
import type { Clock } from '#src/domain/clock.ts';
import { AirlockError } from '#src/domain/errors.ts';
import { isConfidential } from '#src/domain/loopback.ts';

/** Discovery documents and key sets have a few kilobytes. */
const MAX_BYTES = 256 * 1024;
const TIMEOUT_MILLISECONDS = 5000;
/** An issuer that was just asked and gave no usable answer is not asked again for so long: tokens come by the hundred. */
const PAUSE_MILLISECONDS = 5000;

export interface IssuerKeysOptions {
  readonly issuer: string;
  readonly clock: Clock;
  /** How long after a look at the keys one of an unknown name makes another one. Default: 30 seconds. */
  readonly cooldownMilliseconds?: number;
}

export interface IssuerKeys {
  /** @throws AirlockError issuer-unavailable where the issuer says nothing usable about itself */
  get(): Promise<JWTVerifyGetKey>;
}

const discoveryShape = z.object({ issuer: z.string(), jwks_uri: z.url() });

/**
 * The keys that an issuer signs with (OpenID Connect Discovery 1.0). Where they are is asked once; they themselves are
 * kept for ten minutes and asked for again when a token names one that is new.
 */
export function createIssuerKeys({ issuer, clock, cooldownMilliseconds }: IssuerKeysOptions): IssuerKeys {
  let keys: Promise<JWTVerifyGetKey> | undefined;
  let failedAt = Number.NEGATIVE_INFINITY;

  async function discover(): Promise<JWTVerifyGetKey> {
    const answer = await boundedFetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
    if (answer.status !== 200) throw new Error(`it answered ${answer.status}`);
    const document = discoveryShape.parse(await answer.json());
    if (document.issuer !== issuer) throw new Error('it calls itself by another name');
    const url = new URL(document.jwks_uri);
    if (!isConfidential(url)) throw new Error('its keys are not behind https');
    return createRemoteJWKSet(url, {
      timeoutDuration: TIMEOUT_MILLISECONDS,
      [customFetch]: (address, { signal }) => boundedFetch(address, signal),
      ...(cooldownMilliseconds === undefined ? {} : { cooldownDuration: cooldownMilliseconds }),
    });
  }

  return {
    async get() {
      if (!keys && clock.now().getTime() - failedAt < PAUSE_MILLISECONDS) throw issuerUnavailable(issuer);
      keys ??= discover();
      try {
        return await keys;
      } catch (cause) {
        keys = undefined;
        failedAt = clock.now().getTime();
        throw issuerUnavailable(issuer, cause);
      }
    },
  };
}

export function issuerUnavailable(issuer: string, cause?: unknown): AirlockError {
  const text = `The issuer ${issuer} does not tell its keys, and a token of it can not be verified without them. Try again in a minute; a token of this mirror works meanwhile.`;
  return new AirlockError('issuer-unavailable', text, { issuer }, cause);
}

/** No redirects: where keys come from is what was configured. */
async function boundedFetch(url: string, signal = AbortSignal.timeout(TIMEOUT_MILLISECONDS)): Promise<Response> {
  const answer = await fetch(url, { redirect: 'error', signal, headers: { accept: 'application/json' } });
  const bytes = Buffer.concat(await chunksOf(answer.body));
  return new Response(bytes, { status: answer.status, headers: { 'content-type': 'application/json' } });
}

async function chunksOf(body: ReadableStream<Uint8Array> | null): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new Error(`it sent more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return chunks;
}
