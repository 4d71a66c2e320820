// SPDX-License-Identifier: Apache-2.0
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';

export const AUDIENCE = 'https://mirror.test';

/** What an issuer has of a key. */
export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

export async function signingKey(kid: string, alg = 'ES256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

/** An issuer of OpenID Connect: its discovery document and its keys over HTTP, and tokens of any kind that a test wants. */
export class Issuer {
  readonly url: string;
  keys: SigningKey[];
  /** Questions it was asked, by path. */
  readonly asked: string[] = [];
  /** Answers in place of its own ones. */
  answer: ((req: IncomingMessage, res: ServerResponse) => boolean) | undefined;
  readonly #server: Server;

  constructor(server: Server, url: string, keys: SigningKey[]) {
    this.#server = server;
    this.url = url;
    this.keys = keys;
    server.on('request', (req: IncomingMessage, res: ServerResponse) => {
      this.asked.push(req.url ?? '');
      if (this.answer?.(req, res)) return;
      if (req.url === '/.well-known/openid-configuration') json(res, { issuer: url, jwks_uri: `${url}/keys` });
      else if (req.url === '/keys') json(res, { keys: this.keys.map(({ jwk }) => jwk) });
      else res.writeHead(404).end();
    });
  }

  /** Good for five minutes from `now`, unless the claims say otherwise. */
  async token(now: Date, claims: Record<string, unknown> = {}, key = this.keys[0]): Promise<string> {
    if (!key) throw new Error('the issuer has no key');
    const at = Math.floor(now.getTime() / 1000);
    const all = { iss: this.url, aud: AUDIENCE, sub: 'ann', iat: at, exp: at + 300, ...claims };
    return new SignJWT(all as JWTPayload)
      .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'JWT' })
      .sign(key.privateKey);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}

export async function startIssuer(): Promise<Issuer> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return new Issuer(server, `http://127.0.0.1:${port}`, [await signingKey('first')]);
}

function json(res: ServerResponse, value: object): void {
  res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}
