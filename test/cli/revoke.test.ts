// SPDX-License-Identifier: Apache-2.0
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useTemp } from '#test/support/temp.ts';
import { runCli } from './run-cli.ts';

const temp = useTemp();
const [FROM, TO] = ['a'.repeat(40), 'b'.repeat(40)];
let server: Server;
let url: string;
let asked: string[] = [];
let answer: object = {};
beforeAll(async () => {
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += chunk));
    request.on('end', () => {
      asked.push(`${request.method} ${request.url} ${text}`);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

async function run(said: object, ...args: string[]) {
  answer = said;
  asked = [];
  const env = { AIRLOCK_URL: url, AIRLOCK_ADMIN_TOKEN: 'airlock_0123456789abcdef' };
  return runCli(args, await temp('cli'), env);
}
const WHY = ['--reason', 'bad', '--by', 'ann'];

describe('airlock revoke', () => {
  it('asks for one thing, and prints the ruling and what moved where', async () => {
    const moved = [
      { repo: 'acme/one', ref: 'main', from: FROM, to: TO },
      { repo: 'acme/two', ref: 'dev', from: FROM },
    ];
    const said = { ruling: 12, subject: 'publisher acme', moved, movedCount: 3 };
    const result = await run(said, 'revoke', '--publisher', 'acme', '--rollback', ...WHY);
    expect(asked).toEqual([
      'POST /api/airlock/revocations {"scope":{"type":"publisher","publisher":"acme"},"by":"ann","reason":"bad","rollback":true}',
    ]);
    expect([result.status, result.stdout]).toEqual([
      0,
      `publisher acme: revoked (ruling 12)\n  acme/one@main: ${FROM} -> ${TO}\n  acme/two@dev: no good commit before ${FROM}; it is refused\n  and 1 more\n`,
    ]);
  });

  it.each([
    [[]],
    [['acme/one', '--repo', 'acme/one']],
    [['--repo', 'acme/one@main']],
    [['--digest', 'abc']],
    [['--repo', 'acme/one', '--rule', 'x']],
  ])('asks nothing for %j', async (args) => {
    expect((await run({}, 'revoke', ...args, ...WHY)).status).toBe(64);
    expect(asked).toEqual([]);
  });
});

it('airlock reinstate, rollback and revocations say what came of it', async () => {
  const one = { ruling: 12, subject: 'rule x', at: '2026-03-01T12:00:00Z', by: 'ann', reason: 'b\u001b[2Jad' };
  const ended = await run(one, 'reinstate', '12', ...WHY);
  expect([asked[0]?.split(' {')[0], ended.stdout]).toEqual([
    'POST /api/airlock/revocations/12/reinstate',
    'rule x: reinstated (ruling 12 has ended)\n',
  ]);
  const back = await run({ repo: 'acme/one', ref: 'main', from: FROM, to: TO }, 'rollback', 'acme/one', ...WHY);
  expect(back.stdout).toBe(`acme/one@main: ${FROM} -> ${TO}\n`);
  expect((await run([one], 'revocations')).stdout).toBe('12  rule x: b?[2Jad (ann, 2026-03-01)\n');
  expect((await run(one, 'reinstate', '0', ...WHY)).status).toBe(64);
});
