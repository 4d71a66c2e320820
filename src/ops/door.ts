// SPDX-License-Identifier: Apache-2.0
import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { AirlockError } from '#src/domain/errors.ts';
import type { Log } from './log.ts';

/**
 * Each may cost two descriptors and some hundred kilobytes: so many fit into the usual limits, and are far more than
 * a mirror with one process can serve at once. Those behind them are closed as they come, and clients try again.
 */
const MAX_CONNECTIONS = 4096;
/** How long running answers may take to finish when the mirror stops. `stop_grace_period` in compose.yaml is longer. */
const DRAIN_MILLISECONDS = 30_000;

type Fetch = Parameters<typeof createAdaptorServer>[0]['fetch'];

/** The listening socket. It has the address before there is anything to serve: until `open` it answers 503. */
export interface Door {
  /** The one it got, for port 0. */
  readonly port: number;
  open(fetch: Fetch): void;
  /** Take no new connections; running answers have a while to finish, then their sockets are closed. Once for all calls. */
  close(): Promise<void>;
}

/** @throws AirlockError config-invalid when the address can not be had */
export async function listen(
  host: string,
  port: number,
  log: Log,
  drainMilliseconds: number = DRAIN_MILLISECONDS,
): Promise<Door> {
  let fetch: Fetch = starting;
  const server = createAdaptorServer({
    fetch: (request, env) => fetch(request, env),
    hostname: host,
    overrideGlobalObjects: false,
  }) as Server;
  server.maxConnections = MAX_CONNECTIONS;
  const answers = watchAnswers(server);
  await listening(server, host, port);
  server.on('error', (error) => log.error({ err: error }, 'the listening socket reports an error'));
  const address = server.address();
  let closed: Promise<void> | undefined;
  return {
    port: typeof address === 'object' && address ? address.port : port,
    open: (next) => {
      fetch = next;
    },
    close: () => {
      closed ??= drain(server, answers, log, drainMilliseconds);
      return closed;
    },
  };
}

function starting(): Response {
  const text = '[airlock] The mirror is starting.';
  return new Response(`${text}\n`, { status: 503, headers: { 'retry-after': '1', 'x-error-message': text } });
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (cause: Error): void => {
      const next = 'Stop what has this address, or set AIRLOCK_LISTEN (listen) to another.';
      reject(
        new AirlockError('config-invalid', `Can not listen on ${host}:${port}: ${cause.message}. ${next}`, {}, cause),
      );
    };
    server.once('error', failed);
    server.listen(port, host, () => {
      server.off('error', failed);
      resolve();
    });
  });
}

interface Answers {
  running(): number;
  /** Close every connection as soon as it has no running answer. */
  finish(): void;
}

/** Node's own idea of an idle connection leaves out those that have not sent anything yet. */
function watchAnswers(server: Server): Answers {
  const connections = new Map<Socket, Set<ServerResponse>>();
  let finishing = false;
  server.on('connection', (socket: Socket) => {
    connections.set(socket, new Set());
    socket.once('close', () => connections.delete(socket));
  });
  // Before the answer begins, so that it can still say that it is the last on its connection.
  server.prependListener('request', ({ socket }, outgoing) => {
    const answers = connections.get(socket);
    answers?.add(outgoing);
    if (finishing) outgoing.shouldKeepAlive = false;
    outgoing.once('close', () => {
      answers?.delete(outgoing);
      if (finishing && answers?.size === 0) socket.destroySoon();
    });
  });
  return {
    running: () => [...connections.values()].reduce((sum, answers) => sum + answers.size, 0),
    finish() {
      finishing = true;
      for (const [socket, answers] of connections) if (answers.size === 0) socket.destroySoon();
    },
  };
}

async function drain(server: Server, answers: Answers, log: Log, milliseconds: number): Promise<void> {
  const running = answers.running();
  log.info({ running, seconds: milliseconds / 1000 }, 'stopping: running answers may finish');
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  answers.finish();
  let cut = 0;
  const timer = setTimeout(() => {
    cut = answers.running();
    server.closeAllConnections();
  }, milliseconds);
  await closed;
  clearTimeout(timer);
  log[cut > 0 ? 'warn' : 'info']({ running, cut }, 'stopped serving');
}
