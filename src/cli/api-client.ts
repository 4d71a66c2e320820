// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AirlockError, messageOf } from '#src/domain/errors.ts';

/** A client of the mirror's own API: the command line has no other way in. */
export interface ApiClient {
  get(path: string): Promise<unknown>;
  post(path: string, body: object): Promise<unknown>;
}

export interface ApiClientOptions {
  /** Base URL of the mirror. */
  readonly url: string;
  readonly adminToken?: string;
}

/**
 * The mirror to talk to: `AIRLOCK_URL`, else the default address. The administrative token: `AIRLOCK_ADMIN_TOKEN`, else
 * the file that the embedded default keeps in its data folder.
 */
export async function clientOptions(env: NodeJS.ProcessEnv): Promise<ApiClientOptions> {
  const url = (env.AIRLOCK_URL ?? `http://${env.AIRLOCK_LISTEN ?? '127.0.0.1:8080'}`).replace(/\/+$/, '');
  const token = env.AIRLOCK_ADMIN_TOKEN ?? (await readToken(join(env.AIRLOCK_DATA ?? './data', 'keys', 'admin.token')));
  return token === undefined ? { url } : { url, adminToken: token };
}

export function createApiClient({ url, adminToken }: ApiClientOptions): ApiClient {
  const authorization: Record<string, string> =
    adminToken === undefined ? {} : { authorization: `Bearer ${adminToken}` };

  async function call(path: string, init: RequestInit): Promise<unknown> {
    const answer = await fetch(`${url}/api/airlock/${path}`, init).catch((cause: unknown) => {
      const why = cause instanceof Error && cause.cause ? messageOf(cause.cause) : messageOf(cause);
      throw new AirlockError(
        'upstream-unavailable',
        `No mirror answers at ${url} (${why}). Start it with "npm start", or set AIRLOCK_URL.`,
      );
    });
    const body: unknown = await answer.json().catch(() => undefined);
    if (answer.ok) return body;
    const said =
      typeof body === 'object' && body !== null && 'error' in body
        ? String(body.error)
        : `it answered ${answer.status}`;
    throw new AirlockError('bad-request', said.replace(/^\[airlock\] /, ''));
  }
  return {
    get: (path) => call(path, { headers: authorization }),
    post: (path, body) =>
      call(path, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...authorization,
        },
        body: JSON.stringify(body),
      }),
  };
}

async function readToken(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );
}
