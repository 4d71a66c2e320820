// SPDX-License-Identifier: Apache-2.0

import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adminCheck } from '#src/access/admin-token.ts';
import { createIdentify } from '#src/access/identify.ts';
import { createOrigins } from '#src/access/origin.ts';
import { type AdminDeps, createAdmin } from '#src/admin/routes.ts';
import { createEvaluations } from '#src/catalog/evaluations.ts';
import { parseRepo } from '#src/domain/repo.ts';
import { ledgerOf } from '#src/main/audit.ts';
import { addHeld, addHostile, addLicensed, addMixed, addTiny } from '#test/fake-hub/repos.ts';
import { type FakeHub, startFakeHub } from '#test/fake-hub/server.ts';
import { ADMIN_TOKEN, type House, openHouse, post, send } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';
import { until } from '#test/support/until.ts';

const temp = useTemp();
const ADMIN = { authorization: `Bearer ${ADMIN_TOKEN}` };
const ann = { by: 'ann', reason: 'read the evidence' };
let hub: FakeHub;
let house: House;

beforeAll(async () => {
  hub = await startFakeHub();
  addTiny(hub);
  addHeld(hub);
  addHostile(hub);
  addMixed(hub);
  addTiny(hub, 'acme/revoked');
  addTiny(hub, 'acme/broken');
  addHeld(hub, 'acme/again');
  addLicensed(hub, undefined, 'acme/slow');
  const sources = [{ match: '*', mode: 'auto', exclude: ['sub/*'] }];
  house = await openHouse({ folder: await temp('status'), upstream: hub.url, config: { sources } });
  for (const name of ['tiny', 'held', 'hostile', 'mixed', 'revoked', 'again', 'slow'])
    await send(house, `/api/models/acme/${name}`);
  hub.faults.add({ fault: 'status', status: 500, repo: 'acme/broken', class: 'tree' });
  await send(house, '/api/models/acme/broken');
  await post(house, 'revoke', { repo: 'acme/revoked', ...ann });
  await post(house, 'approve', { repo: 'acme/again', ...ann });
});
afterAll(async () => {
  await house.close();
  await hub.stop();
});

async function getJson(path: string, headers: Record<string, string> = {}): Promise<Record<string, unknown>> {
  const answer = await send(house, `/api/airlock/${path}`, { headers });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Record<string, unknown>;
}

describe('an approved release', () => {
  it('names what it leaves out, and why', async () => {
    const path = 'models/acme/mixed/revision/main/decision';
    expect(await getJson(path)).toMatchObject({
      state: 'approved',
      approver: { type: 'policy' },
      license: { declared: ['apache-2.0'], from: 'README.md' },
      withheld: [
        { path: 'pytorch_model.bin', rule: 'verdict-review', message: expect.stringContaining('acme.layers') },
      ],
      withheldCount: 1,
      excluded: expect.arrayContaining([{ path: 'sub/notes.txt', size: 20, pattern: 'exclude: sub/*' }]),
      excludedCount: 3,
    });
  });

  it('is still described when its key is one that nobody gave', async () => {
    const app = adminApp({ trusted: [house.ring.signers.evidence.key] });
    const answer = await app.request('/api/airlock/models/acme/mixed/revision/main/decision');
    expect(await answer.json()).toMatchObject({ state: 'approved', statement: expect.any(String) });
  });
});

function adminApp(changed: Partial<AdminDeps>): Hono {
  const { others } = createAdmin({ ...adminDeps(), ...changed });
  return new Hono().use(createOrigins(house.origin).middleware).route('/api/airlock', others);
}

function adminDeps(): AdminDeps {
  const { caseActs, sourceActs, upstream } = house;
  const { catalog, intakes, review, cases, revoking, rollback, rescan, journal, scanner, index, ring, tokens } = house;
  const { notifications } = house;
  const { explain } = scanner;
  const keys = { approval: ring.signers.approval.key, evidence: ring.signers.evidence.key };
  return {
    catalog,
    intakes,
    review,
    cases,
    caseActs,
    sourceActs,
    upstream,
    revoking,
    rollback,
    register: { catchUp: async () => undefined },
    evidence: ring.signers.evidence,
    rescan,
    journal,
    clock: house.clock,
    explain,
    index,
    keys,
    trusted: ring.keys,
    identify: createIdentify({
      tokens,
      isAdmin: adminCheck(ADMIN_TOKEN),
      oidc: { recognise: async () => ({ type: 'none' }) },
      onRefusedOidc: () => undefined,
    }),
    anonymous: true,
    audit: { act: async () => ({ failed: async () => undefined }) },
    ...ledgerOf(house.records, index, ring),
    tokens,
    notifications,
    evaluations: createEvaluations(house.records, []),
  };
}

describe('recent intakes', () => {
  interface Row {
    readonly repo: string;
    readonly state: string;
    readonly outcome?: string;
    readonly errorCode: string | null;
    readonly errorMessage?: string | null;
  }
  const recent = async (headers: Record<string, string> = {}) => (await getJson('intakes', headers)).recent as Row[];

  it('say how they ended', async () => {
    const outcomes = Object.fromEntries(
      (await recent(ADMIN)).map(({ repo, outcome, state }) => [repo, outcome ?? state]),
    );
    expect(outcomes).toMatchObject({
      'acme/tiny': 'approved',
      'acme/mixed': 'approved',
      'acme/held': 'held',
      'acme/hostile': 'denied',
      'acme/revoked': 'revoked',
      'acme/broken': 'failed',
    });
    // The run that the approval came after was refused, and is not what approved it.
    const again = (await recent(ADMIN)).filter(({ repo }) => repo === 'acme/again').map(({ outcome }) => outcome);
    expect(again).toEqual(['approved', 'refused']);
  });

  it('tell only the administrator what broke, and how they ended', async () => {
    const broken = (rows: Row[]) => rows.find(({ repo }) => repo === 'acme/broken');
    expect(broken(await recent(ADMIN))?.errorMessage).toContain('500');
    for (const headers of [{}, { authorization: 'Bearer wrong' }]) {
      const rows = await recent(headers);
      expect(broken(rows)).toMatchObject({ state: 'failed', errorCode: 'upstream-unavailable' });
      for (const row of rows) for (const key of ['errorMessage', 'outcome']) expect(row).not.toHaveProperty(key);
    }
  });

  it('one that failed is described as that', async () => {
    const path = `models/acme/broken/revision/main/decision`;
    expect(await getJson(path)).not.toHaveProperty('error');
    expect(await getJson(path, ADMIN)).toMatchObject({ state: 'failed', error: expect.stringContaining('500') });
  });
});

describe('lists of decisions', () => {
  it('have a limit', async () => {
    const list = async (query: string) => (await getJson(`decisions?${query}`, ADMIN)) as unknown as { repo: string }[];
    expect(await list('limit=1')).toHaveLength(1);
    expect((await list('outcome=denied')).map(({ repo }) => repo)).toEqual(['acme/hostile']);
    expect((await list('outcome=held')).map(({ repo }) => repo)).toContain('acme/held');
    for (const query of ['limit=0', 'limit=501', 'limit=x', 'outcome=all'])
      expect((await send(house, `/api/airlock/decisions?${query}`, { headers: ADMIN })).status).toBe(400);
  });

  it('show the first reasons of one that has many', async () => {
    const row = await house.index.decisions.get(
      parseRepo('models', 'acme/held'),
      hub.repo('acme/held').head().id as never,
    );
    if (!row) throw new Error('acme/held has no decision');
    const body = JSON.parse(row.body);
    body.decision.reasons = Array.from({ length: 3000 }, (_, i) => ({ ...body.decision.reasons[0], path: `f${i}` }));
    await house.index.decisions.put({ ...row, repo: 'acme/many', body: JSON.stringify(body) });
    const list = (await getJson('decisions?outcome=held', ADMIN)) as unknown as { repo: string; reasons: object[] }[];
    const many = list.find(({ repo }) => repo === 'acme/many');
    expect(many).toMatchObject({ reasonsCount: 3000 });
    expect(many?.reasons).toHaveLength(20);
  });
});

describe('an approval', () => {
  it('of what upstream does not have says so', async () => {
    const answer = await post(house, 'approve', { repo: 'acme/unknown', ...ann });
    expect(answer).toMatchObject({ status: 404, body: { error: '[airlock] acme/unknown was not found upstream.' } });
    const branch = await post(house, 'approve', { repo: 'acme/tiny', revision: 'no-such', ...ann });
    expect(branch.body.error).toBe('[airlock] acme/tiny@no-such was not found upstream.');
  });

  it('that takes long is answered, and can be asked for again until it has ended', async () => {
    const app = adminApp({ approveWaitMilliseconds: 100 });
    hub.faults.add({ fault: 'latency', ms: 1500, repo: 'acme/slow', class: 'tree', times: 1 });
    const body = JSON.stringify({ repo: 'acme/slow', ...ann });
    const commit = hub.repo('acme/slow').head().id;
    const first = await app.request('/api/airlock/approve', { method: 'POST', headers: ADMIN, body });
    const said = (await first.json()) as Record<string, unknown>;
    expect(said).toMatchObject({ repo: 'acme/slow', state: 'running', approval: expect.any(String) });
    const ask = async (): Promise<Record<string, unknown>> =>
      JSON.parse(await (await app.request(`/api/airlock/approvals/${said.approval}`, { headers: ADMIN })).text());
    const ended = await until('the approval ends', async () => {
      const answer = await ask();
      return answer.state !== 'running' && answer;
    });
    expect(ended).toMatchObject({ repo: 'acme/slow', commit, state: 'approved' });
    expect(await ask()).toEqual(ended);
  });

  it('waits for the intake of what nobody asked for yet no longer than for its own', async () => {
    addTiny(hub, 'acme/fresh');
    hub.faults.add({ fault: 'latency', ms: 1500, repo: 'acme/fresh', class: 'tree', times: 1 });
    const app = adminApp({ approveWaitMilliseconds: 100 });
    const body = JSON.stringify({ repo: 'acme/fresh', ...ann });
    const said = await (await app.request('/api/airlock/approve', { method: 'POST', headers: ADMIN, body })).json();
    expect(said).toMatchObject({ repo: 'acme/fresh', state: 'running', approval: expect.any(String) });
    await house.intakes.request(parseRepo('models', 'acme/fresh'), { type: 'ref', ref: 'main' as never }).outcome;
  });

  it('that nobody started is a 404', async () => {
    expect((await send(house, '/api/airlock/approvals/x')).status).toBe(401);
    expect((await send(house, '/api/airlock/approvals/x', { headers: ADMIN })).status).toBe(404);
  });
});
