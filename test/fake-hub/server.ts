// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { sendError } from './answers.ts';
import { handleCdn } from './cdn.ts';
import { handleControl } from './control.ts';
import { Faults } from './faults.ts';
import { handleHub } from './hub.ts';
import { HubRepo, type Kind } from './repo.ts';
import { parseUrl } from './request.ts';
import { Stats } from './stats.ts';

export interface FakeHubOptions {
  /** 0, the default, takes a free port. */
  readonly port?: number;
}

/** A running hub and its switches. `url` is what a client's endpoint is set to. */
export class FakeHub {
  readonly url: string;
  readonly cdnUrl: string;
  readonly repos = new Map<string, HubRepo>();
  /** Old id to new id, both as `models/org/name`. */
  readonly renames = new Map<string, string>();
  /** Tokens that log somebody in. A token that is not here gets 401. */
  readonly accounts = new Set<string>();
  readonly faults = new Faults();
  readonly stats = new Stats();
  /** Entries on one page of a tree. */
  pageSize = 1000;
  /** Commits on one page of a history. */
  commitPageSize = 50;
  readonly #servers: { server: Server; port: number; host: string }[];

  constructor(servers: { server: Server; port: number; host: string }[]) {
    this.#servers = servers;
    const [hub, cdn] = servers.map(({ host, port }) => `http://${host}:${port}`);
    this.url = hub ?? '';
    this.cdnUrl = cdn ?? '';
  }

  repo(id: string, kind: Kind = 'models'): HubRepo {
    const key = `${kind}/${id}`;
    const repo = this.repos.get(key) ?? new HubRepo(kind, id);
    this.repos.set(key, repo);
    return repo;
  }

  delete(id: string, kind: Kind = 'models'): void {
    this.repos.delete(`${kind}/${id}`);
  }

  /** The repo answers under its new id; requests for the old one are redirected. */
  rename(from: string, to: string, kind: Kind = 'models'): HubRepo {
    const old = this.repo(from, kind);
    const repo = Object.assign(this.repo(to, kind), { private: old.private, gated: old.gated });
    for (const [id, commit] of old.commits) repo.commits.set(id, commit);
    for (const [name, id] of old.branches) repo.branches.set(name, id);
    for (const [name, id] of old.tags) repo.tags.set(name, id);
    this.repos.delete(`${kind}/${from}`);
    this.renames.set(`${kind}/${from}`, `${kind}/${to}`);
    return repo;
  }

  /** Stop listening and break every connection: from now on both hosts refuse connections, until {@link comeBack}. */
  async goAway(): Promise<void> {
    await Promise.all(
      this.#servers.map(async ({ server }) => {
        if (!server.listening) return;
        const closed = once(server, 'close');
        server.close();
        server.closeAllConnections();
        await closed;
      }),
    );
  }

  async comeBack(): Promise<void> {
    for (const { server, port, host } of this.#servers) if (!server.listening) await listen(server, port, host);
  }

  async stop(): Promise<void> {
    await this.goAway();
  }
}

/** Start a hub on 127.0.0.1 and its CDN on another host, 127.0.0.2 (on another port where that one is not routed). */
export async function startFakeHub(options: FakeHubOptions = {}): Promise<FakeHub> {
  let hub: FakeHub | undefined;
  const serve = (handle: (hub: FakeHub, req: IncomingMessage, res: ServerResponse) => Promise<void>) =>
    createServer((req, res) => {
      if (hub) handle(hub, req, res).catch((error: unknown) => fail(res, error));
    });
  const main = serve(answer);
  const cdn = serve(async (at, req, res) => handleCdn(at, req, res));
  const port = await listen(main, options.port ?? 0, '127.0.0.1');
  const [cdnHost, cdnPort] = await listenElsewhere(cdn);
  hub = new FakeHub([
    { server: main, port, host: '127.0.0.1' },
    { server: cdn, port: cdnPort, host: cdnHost },
  ]);
  return hub;
}

async function answer(hub: FakeHub, req: IncomingMessage, res: ServerResponse): Promise<void> {
  if (req.url?.startsWith('/__')) return handleControl(hub, req, res);
  const { asked, query } = parseUrl(req.url ?? '/');
  await handleHub(hub, req, res, asked, query);
}

function fail(res: ServerResponse, error: unknown): void {
  if (res.headersSent) res.destroy();
  else sendError(res, 500, undefined, `fake hub: ${String(error)}`);
}

async function listen(server: Server, port: number, host: string): Promise<number> {
  // A port that was just given up can be busy for a moment.
  for (let tries = 0; ; tries++) {
    server.listen(port, host);
    try {
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    } catch (error) {
      if (tries >= 50 || port === 0) throw error;
      await sleep(100);
    }
  }
}

async function listenElsewhere(server: Server): Promise<[string, number]> {
  try {
    return ['127.0.0.2', await listen(server, 0, '127.0.0.2')];
  } catch {
    return ['127.0.0.1', await listen(server, 0, '127.0.0.1')];
  }
}
