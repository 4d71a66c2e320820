// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { AirlockError, messageOf } from '#src/domain/errors.ts';
import { startFolder } from './start-folder.ts';

/** A client of the mirror's own API: the command line has no other way in. */
export interface ApiClient {
  get(path: string): Promise<unknown>;
  post(path: string, body: object): Promise<unknown>;
  delete(path: string): Promise<unknown>;
  /** An answer of JSON lines, each as it comes. */
  lines(path: string): AsyncIterable<unknown>;
}

export interface ApiClientOptions {
  /** Base URL of the mirror. */
  readonly url: string;
  /** Goes to that URL with every question. */
  readonly token?: string;
  /** How long one answer may take: above what the mirror lets an approval wait. Default: two minutes. */
  readonly patienceMilliseconds?: number;
}

const errorShape = z.looseObject({ error: z.string().optional(), code: z.string().optional() }).catch({});

const DEFAULT_LISTEN = '127.0.0.1:8080';
const PATIENCE_MILLISECONDS = 120_000;

/**
 * The mirror to talk to: `AIRLOCK_URL`, else the address it listens on. The administrative token:
 * `AIRLOCK_ADMIN_TOKEN`, else the file that the embedded default keeps in its data folder.
 */
export async function clientOptions(env: NodeJS.ProcessEnv): Promise<ApiClientOptions> {
  const url = (env.AIRLOCK_URL ?? urlOf(env.AIRLOCK_LISTEN ?? DEFAULT_LISTEN)).replace(/\/+$/, '');
  const token = env.AIRLOCK_ADMIN_TOKEN ?? (await readToken(env));
  return token === undefined ? { url } : { url, token };
}

/**
 * For a question that any reader may ask: what the downloads of the same person use, `HF_ENDPOINT` and `HF_TOKEN` or the
 * login, where `AIRLOCK_URL` is not set. An administrative token never goes to an endpoint that was set for downloads,
 * and a login, which may be another hub's, to no other one.
 */
export async function readerOptions(env: NodeJS.ProcessEnv): Promise<ApiClientOptions> {
  if (env.AIRLOCK_URL === undefined && env.HF_ENDPOINT !== undefined) {
    const token = env.HF_TOKEN ?? (await readLogin(env));
    return { url: env.HF_ENDPOINT.replace(/\/+$/, ''), ...(token && { token }) };
  }
  const reader = env.HF_TOKEN === undefined ? {} : { token: env.HF_TOKEN };
  return { ...reader, ...(await clientOptions(env)) };
}

/** Where `hf auth login` keeps a token. */
async function readLogin(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const cache = env.XDG_CACHE_HOME ?? join(env.HOME ?? homedir(), '.cache');
  const file = env.HF_TOKEN_PATH ?? join(env.HF_HOME ?? join(cache, 'huggingface'), 'token');
  return (await readFile(file, 'utf8').catch(() => undefined))?.trim();
}

/** "Every address of this machine" is one to listen on, and none to ask. */
function urlOf(listen: string): string {
  const url = `http://${listen}`;
  if (!URL.canParse(url)) return url;
  const { hostname, port } = new URL(url);
  if (hostname === '0.0.0.0') return `http://127.0.0.1:${port || 80}`;
  return hostname === '[::]' ? `http://[::1]:${port || 80}` : url;
}

export function createApiClient(options: ApiClientOptions): ApiClient {
  const { url, token, patienceMilliseconds = PATIENCE_MILLISECONDS } = options;
  const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };

  async function ask(path: string, init: RequestInit): Promise<Response> {
    const answer = await fetch(`${url}/api/airlock/${path}`, init).catch((cause: unknown) => {
      throw noAnswer(url, cause);
    });
    if (answer.ok) return answer;
    const { error, code } = errorShape.parse(await answer.json().catch(() => ({})));
    const said = error ?? `The mirror answered ${answer.status}.`;
    throw new AirlockError('bad-request', said.replace(/^\[airlock\] /, ''), { code, status: answer.status });
  }

  async function call(path: string, init: RequestInit): Promise<unknown> {
    const answer = await ask(path, { ...init, signal: AbortSignal.timeout(patienceMilliseconds) });
    return answer.json().catch(() => undefined);
  }

  /** However long it takes in all. */
  async function* lines(path: string): AsyncIterable<unknown> {
    const answer = await ask(path, { headers: authorization });
    let rest = '';
    for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) yield JSON.parse(part);
    }
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
    lines,
    delete: (path) => call(path, { method: 'DELETE', headers: authorization }),
  };
}

/** What says that nobody listens there. Anything else happened to a mirror that does. */
const NOBODY =
  /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|CONNECT_TIMEOUT|ERR_INVALID_URL/;

function noAnswer(url: string, error: unknown): AirlockError {
  const cause = error instanceof Error && error.cause ? error.cause : error;
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
  const why = messageOf(cause) || code;
  if (NOBODY.test(code))
    return new AirlockError(
      'upstream-unavailable',
      `No mirror answers at ${url} (${why}). Start it with "npm start", or set AIRLOCK_URL.`,
    );
  const text = `The mirror at ${url} gave no answer (${why}). It may still be at work: "airlock status" shows that.`;
  return new AirlockError('upstream-timeout', text);
}

/** Where the person is, and where `npm start` would have put it. */
async function readToken(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const folder of new Set([startFolder(env), process.cwd()])) {
    const file = resolve(folder, env.AIRLOCK_DATA ?? './data', 'keys', 'admin.token');
    const token = await readFile(file, 'utf8').catch(() => undefined);
    if (token !== undefined) return token.trim();
  }
  return undefined;
}
