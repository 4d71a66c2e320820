// SPDX-License-Identifier: Apache-2.0
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { useTemp } from '#test/support/temp.ts';
import { runCli } from './run-cli.ts';

type Answer = { readonly status?: number; readonly body: object };

const temp = useTemp();
const COMMIT = 'a'.repeat(40);
const running = { repo: 'acme/slow', state: 'running', approval: 'one' };
let server: Server;
let url: string;
/** What was asked for, and what is answered: in order. */
let asked: string[] = [];
let answers: Answer[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const { status = 200, body } = answers.shift() ?? { status: 500, body: { error: 'nothing left to say' } };
    request.resume().on('end', () => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());
beforeEach(() => {
  asked = [];
});

async function approve(said: Answer[], args = ['acme/slow', '--reason', 'read it']) {
  answers = said;
  const env = { AIRLOCK_URL: url, AIRLOCK_ADMIN_TOKEN: 'airlock_0123456789abcdef' };
  return runCli(['approve', ...args], await temp('cli'), env);
}

describe('approve waits for the intake', () => {
  it('by the name of the approval', async () => {
    const done = { repo: 'acme/slow', commit: COMMIT, state: 'approved' };
    const result = await approve([{ body: running }, { body: { ...running, commit: COMMIT } }, { body: done }]);
    expect([result.status, result.stdout]).toEqual([0, `acme/slow@${COMMIT}: approved\n`]);
    expect(asked).toEqual([
      'POST /api/airlock/approve',
      'GET /api/airlock/approvals/one',
      'GET /api/airlock/approvals/one',
    ]);
  });

  it('by its commit where the mirror was restarted: the branch may be pinned to another', async () => {
    const reasons = [{ rule: 'r', effect: 'hold', message: 'needs\u001b[2J a look' }];
    const result = await approve([
      { body: { ...running, commit: COMMIT } },
      { status: 404, body: { error: '[airlock] gone', code: 'EntryNotFound' } },
      { body: { repo: 'acme/slow', commit: COMMIT, state: 'running' } },
      { body: { repo: 'acme/slow', commit: COMMIT, state: 'held', reasons } },
    ]);
    expect(asked.slice(2)).toEqual(Array(2).fill(`GET /api/airlock/models/acme/slow/revision/${COMMIT}/decision`));
    expect(result.status).toBe(2);
    expect(result.stdout).toBe(`acme/slow@${COMMIT}: held\n  hold: needs?[2J a look\n`);
  });

  it('and says why it came to nothing', async () => {
    const result = await approve([
      { body: running },
      { status: 404, body: { error: '[airlock] acme/slow was not found upstream.', code: 'RepoNotFound' } },
    ]);
    expect(result.status).toBe(70);
    expect(result.output).toBe('airlock: acme/slow was not found upstream.\n');
  });
});

describe('what nobody can sign is not even asked for', () => {
  it.each([
    [['--reason', ''], 'Give a reason.'],
    [['--reason', '  '], 'Give a reason.'],
    [['--reason', 'x', '--by', 'policy'], 'reserved'],
    [['--reason', 'x', '--by', ' POLICY '], 'reserved'],
    [['--reason', 'x', '--by', ''], 'Give a name.'],
    [[], '--reason'],
  ])('approve %j', async (args, says) => {
    const result = await approve([], ['acme/slow', ...args]);
    expect(result.status).toBe(64);
    expect(result.output).toContain(says);
    expect(result.output).not.toContain('Too small');
    expect(asked).toEqual([]);
  });
});

describe('pin', () => {
  const env = () => ({ AIRLOCK_URL: url, AIRLOCK_ADMIN_TOKEN: 'airlock_0123456789abcdef' });

  it('moves a branch, without a name for that command', async () => {
    answers = [{ body: { repo: 'acme/tiny', commit: COMMIT, state: 'pinned' } }];
    const args = ['pin', 'acme/tiny@main', '--commit', COMMIT, '--reason', 'roll back'];
    const result = await runCli(args, await temp('cli'), env());
    expect([result.status, result.stdout]).toEqual([0, `acme/tiny@${COMMIT}: pinned\n`]);
    const lacking = await runCli(['pin', 'acme/tiny@main', '--commit', COMMIT], await temp('cli'), env());
    expect(lacking.status).toBe(64);
    expect(lacking.output).toContain('--reason');
  });

  it('history goes from page to page, up to the limit', async () => {
    const move = {
      ref: 'main',
      from: null,
      to: COMMIT,
      by: 'ann\u001b[2J',
      at: '2026-03-01T12:00:00.000Z',
      reason: 'why',
    };
    answers = [{ body: { moves: [], next: 9 } }, { body: { moves: [move], next: 4 } }, { body: { moves: [move] } }];
    const result = await runCli(['pin', 'history', 'acme/tiny', '--ref', 'main'], await temp('cli'), env());
    const line = `2026-03-01 12:00 main: - -> ${COMMIT} by ann?[2J: why\n`;
    expect([result.status, result.stdout]).toEqual([0, line + line]);
    expect(asked).toEqual([
      'GET /api/airlock/pins/history?kind=models&repo=acme%2Ftiny&limit=50&ref=main',
      'GET /api/airlock/pins/history?kind=models&repo=acme%2Ftiny&limit=50&ref=main&before=9',
      'GET /api/airlock/pins/history?kind=models&repo=acme%2Ftiny&limit=49&ref=main&before=4',
    ]);
  });
});
