// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseRepo } from '#src/domain/repo.ts';
import { DEFAULT_REF } from '#src/domain/revision.ts';
import { tinyFiles } from '#test/fake-hub/repos.ts';
import { type FakeHub, startFakeHub } from '#test/fake-hub/server.ts';
import { ADMIN_TOKEN, type House, openHouse, post, send } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';

const OURS = 'hf_upstreamServiceTokenOfTheMirror0000001';
const [SECRET, HELD, OPENED, PUBLIC] = ['acme/secret', 'acme/held', 'acme/opened', 'acme/public'] as const;

const temp = useTemp();
let hub: FakeHub;
let house: House;
const tokens: Record<string, string> = { admin: ADMIN_TOKEN, foreign: 'hf_personalTokenOfTheDataScientist000002' };
beforeAll(async () => {
  hub = await startFakeHub();
  hub.accounts.add(OURS);
  for (const id of [SECRET, HELD, OPENED, PUBLIC]) addGated(id);
  const sources = [
    { match: HELD, mode: 'auto' },
    { match: OPENED, mode: 'auto', gated: 'allow' },
    { match: 'acme/*', mode: 'auto', gated: 'granted' },
  ];
  const folder = await temp('restricted');
  house = await openHouse({ folder, upstream: hub.url, upstreamToken: OURS, config: { sources } });
  const order = { name: 'lab', owner: 'ann', by: 'root' };
  const near = ['acme/secret2', 'acme/secre', 'other/*', 'datasets/acme/secret', 'secret'];
  tokens.granted = (await house.tokens.issue({ ...order, grants: ['Acme/Secret', 'acme/secret-*', HELD] })).token;
  tokens.other = (await house.tokens.issue({ ...order, grants: near })).token;
  tokens.reviewer = (await house.tokens.issue({ ...order, roles: ['reviewer'] })).token;
  for (const id of [SECRET, OPENED, PUBLIC]) expect((await ask(`/api/models/${id}`, 'granted')).status).toBe(200);
});
afterAll(async () => {
  await house.close();
  await hub.stop();
});

function addGated(id: string): void {
  const repo = hub.repo(id);
  repo.commit(tinyFiles());
  repo.gated = id === PUBLIC ? false : 'manual';
  repo.grants.add(OURS);
}

async function ask(path: string, who?: string, init: RequestInit = {}) {
  const headers: Record<string, string> = who ? { authorization: `Bearer ${tokens[who]}` } : {};
  const answer = await send(house, path, { ...init, headers });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

const find = async (id: string) => {
  const found = await house.catalog.find(parseRepo('models', id), { type: 'ref', ref: DEFAULT_REF });
  return found.type === 'release' ? found.release : expect.fail(`${id} is not released`);
};

const ABOUT = [
  `/api/models/${SECRET}`,
  `/api/models/${SECRET}/revision/main`,
  `/api/models/${SECRET}/tree/main?recursive=true`,
  `/api/models/${SECRET}/refs`,
  `/api/models/${SECRET}/commits/main`,
  `/api/models/${SECRET}/auth-check`,
  `/${SECRET}/resolve/main/config.json`,
  `/${SECRET}/resolve/main/no-such-file`,
  `/${SECRET}/raw/main/config.json`,
  `/api/airlock/models/${SECRET}/revision/main/decision`,
  `/api/airlock/models/${SECRET}/revision/main/statement`,
  `/api/airlock/models/${SECRET}/revision/main/bundle`,
];

describe('a release of a repo that is gated upstream', () => {
  it('says in its signed statement whom it is for', async () => {
    expect((await find(SECRET)).restricted).toBe(true);
    for (const id of [OPENED, PUBLIC]) expect((await find(id)).restricted).toBe(false);
    const statement = (await ask(`/api/airlock/models/${SECRET}/revision/main/statement`, 'granted')).text;
    const { dsseEnvelope } = JSON.parse(statement) as { dsseEnvelope: { payload: string } };
    const { predicate } = JSON.parse(Buffer.from(dsseEnvelope.payload, 'base64').toString());
    expect(predicate.upstream.restricted).toBe(true);
  });

  it.each(ABOUT)('%s answers who was granted it, and nobody else', async (path) => {
    const expected = path.includes('no-such-file') ? 404 : 200;
    for (const method of ['GET', 'HEAD']) {
      for (const who of ['granted', 'admin']) expect((await ask(path, who, { method })).status).toBe(expected);
      for (const who of [undefined, 'foreign', 'other']) {
        const { status, headers } = await ask(path, who, { method });
        expect([method, who, status]).toEqual([method, who, who === 'other' ? 403 : 401]);
        const words = headers.get('x-error-message') ?? '';
        expect(words).toMatch(/^\[airlock\] acme\/secret is gated or private upstream[\x20-\x7e]{50,700}$/);
        expect(words).toContain('airlock token create');
        if (!path.startsWith('/api/airlock')) expect(headers.get('x-error-code')).toBe('GatedRepo');
      }
    }
  });

  it('is not given out to who knows a commit, a digest or an ETag of it', async () => {
    const { commit } = await find(SECRET);
    const etag = (await ask(`/${SECRET}/resolve/main/config.json`, 'granted')).headers.get('etag') ?? '';
    for (const who of [undefined, 'other']) {
      const headers = { ...(who ? { authorization: `Bearer ${tokens[who]}` } : {}) };
      for (const extra of [{}, { 'if-none-match': etag }, { 'if-none-match': '*' }, { range: 'bytes=0-0' }]) {
        const init = { headers: { ...headers, ...extra } };
        const answer = await send(house, `/${SECRET}/resolve/${commit}/config.json`, init);
        expect(answer.status).toBeOneOf([401, 403]);
        expect(answer.headers.get('etag')).toBeNull();
      }
      for (const revision of [commit, commit.slice(0, 8), 'refs%2Fheads%2Fmain'])
        expect((await ask(`/api/models/${SECRET}/revision/${revision}`, who)).status).toBeOneOf([401, 403]);
      const paths = { method: 'POST', body: 'paths=config.json' };
      expect((await ask(`/api/models/${SECRET}/paths-info/main`, who, paths)).status).toBeOneOf([401, 403]);
      // Nor is another revision of it talked about, or brought in.
      expect((await ask(`/api/models/${SECRET}/revision/no-such`, who)).status).toBeOneOf([401, 403]);
      const pull = await post(house, 'pull', { repo: SECRET }, who ? tokens[who] : '');
      expect(pull.status).toBeOneOf([401, 403]);
    }
  });

  it('is in the lists of who may read it, and in no other', async () => {
    const names = async (who?: string) =>
      (JSON.parse((await ask('/api/models?limit=100', who)).text) as { id: string }[]).map(({ id }) => id).sort();
    expect(await names('granted')).toEqual([OPENED, PUBLIC, SECRET].sort());
    for (const who of [undefined, 'foreign', 'other', 'reviewer']) expect(await names(who)).toEqual([OPENED, PUBLIC]);
    expect(JSON.parse((await ask('/api/models?search=secret', 'other')).text)).toEqual([]);
    const intakes = (await ask('/api/airlock/intakes', 'other')).text;
    expect([intakes.includes(PUBLIC), intakes.includes(SECRET)]).toEqual([true, false]);
    expect((await ask('/api/airlock/intakes', 'granted')).text).toContain(SECRET);
  });

  it('is told of to who decides, whose role gives the evidence and not the files', async () => {
    expect((await ask(`/api/airlock/models/${SECRET}/revision/main/decision`, 'reviewer')).status).toBe(200);
    expect((await ask(`/${SECRET}/resolve/main/config.json`, 'reviewer')).status).toBe(403);
  });

  it.each(['revoked', 'quarantined'] as const)('that is %s is told of to nobody else either', async (how) => {
    const id = `acme/secret-${how}`;
    addGated(id);
    expect((await ask(`/api/models/${id}`, 'granted')).status).toBe(200);
    const { repo, commit } = await find(id);
    const event =
      how === 'revoked' ? { type: 'revocation' as const } : { type: 'quarantine' as const, rulesVersion: 'r2' };
    const act = { by: 'ann of the lab', reason: 'a finding that says much' };
    expect(await house.journal.append(repo, { ...event, commit }, act, () => true)).toBe(true);
    for (const who of [undefined, 'other'])
      for (const path of [
        `/api/airlock/models/${id}/revision/${commit}/decision`,
        `/api/models/${id}`,
        `/api/models/${id}/refs`,
        `/${id}/resolve/${commit}/config.json`,
      ]) {
        const { status, text, headers } = await ask(path, who);
        expect([path, who, status]).toEqual([path, who, who === undefined ? 401 : 403]);
        expect(text + (headers.get('x-error-message') ?? '')).not.toMatch(/ann of the lab|says much/);
      }
    expect((await ask(`/api/models/${id}`, 'granted')).text).toContain('says much');
  });

  it('that is opened to everyone by its source is as any other', async () => {
    for (const id of [OPENED, PUBLIC]) expect((await ask(`/${id}/resolve/main/config.json`)).status).toBe(200);
  });

  it('stays restricted when a person approves it, and when the mirror starts again', async () => {
    expect((await ask(`/api/models/${HELD}`, 'granted')).text).toContain('does not open it');
    const approved = await post(house, 'approve', { repo: HELD, by: 'ann', reason: 'for the lab' });
    expect(approved.body).toMatchObject({ state: 'approved' });
    for (let start = 0; start < 2; start++) {
      expect((await ask(`/${HELD}/resolve/main/config.json`, 'granted')).status).toBe(200);
      expect((await ask(`/${HELD}/resolve/main/config.json`)).status).toBe(401);
      expect((await ask(`/${HELD}/resolve/main/config.json`, 'other')).status).toBe(403);
      await house.close();
      house = await openHouse(house.options);
    }
  });
});
