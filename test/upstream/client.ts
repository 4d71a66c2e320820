// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { AirlockError, type ErrorCode } from '#src/domain/errors.ts';
import type { Source, SourceFile } from '#src/domain/manifest.ts';
import { parseRepo } from '#src/domain/repo.ts';
import { parseRevision } from '#src/domain/revision.ts';
import type { HubApiOptions } from '#src/upstream/hub-api.ts';
import { createHubClient } from '#src/upstream/hub-client.ts';
import type { Upstream } from '#src/upstream/upstream.ts';
import { type FakeHub, startFakeHub } from '#test/fake-hub/server.ts';

const never = new AbortController().signal;

/** Real patience is minutes; here what fails fails within seconds. */
export function clientOf(url: string, options: Partial<HubApiOptions> = {}): Upstream {
  return createHubClient({ url, requestTimeoutSeconds: 5, stallSeconds: 5, tries: 3, ...options });
}

export function resolve(upstream: Upstream, id: string, revision = 'main'): Promise<Source> {
  return upstream.resolve(parseRepo('models', id), parseRevision(revision));
}

export async function listAll(upstream: Upstream, source: Source): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  for await (const file of upstream.list(source)) files.push(file);
  return files;
}

export async function fileOf(upstream: Upstream, source: Source, path: string): Promise<SourceFile> {
  const file = (await listAll(upstream, source)).find((entry) => entry.path === path);
  if (!file) throw new Error(`the hub lists no ${path}`);
  return file;
}

export async function sha256From(
  upstream: Upstream,
  source: Source,
  file: SourceFile,
  offset = 0,
): Promise<{ start: number; sha256: string; size: number }> {
  const { start, body } = await upstream.open(source, file, offset, never);
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of body) {
    hash.update(chunk as Buffer);
    size += (chunk as Buffer).length;
  }
  return { start, sha256: hash.digest('hex'), size };
}

/** What the promise fails with: code, and the rest for whoever looks closer. */
export async function errorOf(promise: Promise<unknown>): Promise<AirlockError> {
  const error = await promise.then(
    (value) => new Error(`it did not fail, but gave ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof AirlockError)) throw error;
  return error;
}

export async function codeOf(promise: Promise<unknown>): Promise<ErrorCode> {
  return (await errorOf(promise)).code;
}

/** A fresh fake hub for each test; none may end with a token at the CDN. */
export function useHub(): { readonly hub: FakeHub } {
  let hub: FakeHub | undefined;
  beforeEach(async () => {
    hub = await startFakeHub();
  });
  afterEach(async () => {
    await hub?.stop();
    expect(hub?.stats.violations).toEqual([]);
  });
  return {
    get hub() {
      if (!hub) throw new Error('no hub outside of a test');
      return hub;
    },
  };
}

type Handler = (req: IncomingMessage, res: ServerResponse) => void;

export interface OddServer {
  readonly url: string;
  /** Requests seen, `METHOD path`, newest last. */
  readonly seen: IncomingMessage[];
  handle: Handler;
}

/** A real server that answers as each test says: for what no hub in its senses sends. */
export function useOddServer(host = '127.0.0.1'): OddServer {
  const state: { url: string; seen: IncomingMessage[]; handle: Handler } = { url: '', seen: [], handle: refuse };
  const server = createServer((req, res) => {
    state.seen.push(req);
    state.handle(req, res);
  });
  beforeAll(async () => {
    server.listen(0, host);
    await once(server, 'listening');
    state.url = `http://${host}:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    state.seen.length = 0;
    state.handle = refuse;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return state;
}

function refuse(_req: IncomingMessage, res: ServerResponse): void {
  res.writeHead(404).end();
}

export function sendJson(res: ServerResponse, value: unknown, headers: Record<string, string> = {}): void {
  res.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}

export const COMMIT = 'c'.repeat(40);

/** A source as if resolved, for the tests in which only what comes after it is odd. */
export function sourceOf(id = 'acme/tiny', commit = COMMIT): Source {
  const revision = parseRevision(commit);
  if (revision.type !== 'commit') throw new Error(`${commit} is no commit`);
  return { repo: parseRepo('models', id), commit: revision.commit, private: false, gated: false };
}
