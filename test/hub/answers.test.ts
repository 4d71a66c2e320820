// SPDX-License-Identifier: Apache-2.0
import { beforeAll, expect, it } from 'vitest';
import { parseCommitSha } from '#src/domain/revision.ts';
import { model } from '#test/catalog/drafts.ts';
import { addTiny } from '#test/fake-hub/repos.ts';
import type { FakeHub } from '#test/fake-hub/server.ts';
import { type House, openHouse, send } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';
import { useHubWorlds } from './worlds.ts';

/* What the text scripts of this folder can not say: comparisons of answers with each other, and of all files. */

const temp = useTemp();
const worldNamed = useHubWorlds(temp);
let hub: FakeHub;
let house: House;
beforeAll(async () => {
  ({ hub, house } = await worldNamed('ordinary'));
});

const head = (id: string) => hub.repo(id).head().id;

interface Seen {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** Every answer of this file passes here: none of them may speak of Xet. */
async function ask(path: string, init: RequestInit = {}, at: House = house): Promise<Seen> {
  const answer = await send(at, path, init);
  const body = Buffer.from(await answer.arrayBuffer());
  const said = JSON.stringify([...answer.headers]) + (path.includes('xet') ? '' : body.toString('latin1'));
  if (!path.includes('xet')) expect(said, path).not.toMatch(/xet/i);
  return { status: answer.status, headers: answer.headers, body };
}

/** Every way to ask for something of a repo. */
function routesOf(repo: string, revision: string): string[] {
  return [
    `/api/models/${repo}/revision/${revision}`,
    `/api/models/${repo}/tree/${revision}`,
    `/${repo}/resolve/${revision}/config.json`,
    `/${repo}/raw/${revision}/config.json`,
    ...(revision === 'main' ? [`/api/models/${repo}`, `/api/models/${repo}/refs`] : []),
  ];
}

it('HEAD says what GET says, and sends nothing', async () => {
  const own = new Set(['x-request-id']);
  for (const path of routesOf('acme/tiny', 'main')) {
    const [get, asked] = [await ask(path), await ask(path, { method: 'HEAD' })];
    expect([path, get.status, asked.status]).toEqual([path, 200, 200]);
    expect(asked.body).toHaveLength(0);
    const rows = ({ headers }: Seen) => [...headers].filter(([name]) => !own.has(name));
    expect(rows(asked)).toEqual(rows(get));
    expect(Number(get.headers.get('content-length'))).toBe(get.body.length);
  }
});

it('every file of a release is served byte for byte, under the digest that upstream uses', async () => {
  for (const repo of ['acme/tiny', 'acme/odd'])
    for (const file of hub.repo(repo).head().files.values()) {
      const path = `/${repo}/resolve/main/${file.path.split('/').map(encodeURIComponent).join('/')}`;
      const seen = await ask(path);
      expect(seen.body.equals(Buffer.concat([...file.content.read(0, file.content.size)]))).toBe(true);
      expect(seen.headers.get('etag')).toBe(`"${file.lfs ? file.content.sha256 : file.oid}"`);
      expect(seen.headers.get('x-repo-commit')).toBe(head(repo));
      expect(seen.headers.get('accept-ranges')).toBe('bytes');
    }
});

it('a body that no client sends is refused before it is read', async () => {
  const body = JSON.stringify({ paths: ['x'.repeat(5 * 2 ** 20)] });
  const headers = { 'content-type': 'application/json', 'content-length': String(body.length) };
  expect((await ask('/api/models/acme/tiny/paths-info/main', { method: 'POST', headers, body })).status).toBe(413);
});

it('an intake goes on when those who asked for it were sent away', async () => {
  addTiny(hub, 'acme/slow');
  hub.faults.add({ fault: 'latency', ms: 3000, repo: 'acme/slow', class: 'tree', times: 1 });
  const patient = await openHouse({
    ...{ folder: await temp('waiting'), upstream: hub.url },
    config: { intake: { holdApiSeconds: 0, holdResolveSeconds: 0, holdLlamaCppSeconds: 0 } },
  });
  const commit = parseCommitSha(head('acme/slow'));
  for (const path of routesOf('acme/slow', 'main')) expect((await ask(path, {}, patient)).status).toBe(503);
  const { outcome } = patient.intakes.request(model('acme/slow'), { type: 'commit', commit });
  expect(await outcome).toMatchObject({ type: 'approved' });
  for (const path of routesOf('acme/slow', commit)) expect((await ask(path, {}, patient)).status).toBe(200);
  await patient.close();
});
