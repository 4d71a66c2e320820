// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addTiny } from '#test/fake-hub/repos.ts';
import { type FakeHub, startFakeHub } from '#test/fake-hub/server.ts';
import { type House, openHouse, post, send } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';

const temp = useTemp();
let hub: FakeHub;
let folder: string;
let house: House;
let approved: string;

beforeAll(async () => {
  hub = await startFakeHub();
  addTiny(hub);
  folder = await temp('refusals');
  house = await openHouse({ folder, upstream: hub.url });
  expect((await send(house, '/api/models/acme/tiny')).status).toBe(200);
  approved = hub.repo('acme/tiny').head().id;
});
afterAll(async () => {
  await house.close();
  await hub.stop();
});

async function refusal(at: House, path: string) {
  const answer = await send(at, path);
  const { headers } = answer;
  return {
    status: answer.status,
    code: headers.get('x-error-code'),
    message: headers.get('x-error-message') ?? '',
    warning: headers.get('x-hf-warning') ?? '',
    retryAfter: headers.get('retry-after'),
  };
}

it('what was revoked under the new name of a repo is named under the old one no more', async () => {
  addTiny(hub, 'acme/old');
  hub.rename('acme/old', 'acme/new');
  const { id } = hub.repo('acme/new').head();
  for (const name of ['old', 'new']) expect((await send(house, `/api/models/acme/${name}`)).status).toBe(200);
  expect(await (await send(house, '/api/models/acme/old/refs')).json()).toMatchObject({
    branches: [{ targetCommit: id }],
  });
  await post(house, 'revoke', { repo: 'acme/new', by: 'ann', reason: 'a test' });
  for (const path of [
    '/api/models/acme/old/refs',
    '/api/models/acme/old/commits/main',
    '/api/models/acme/old/revision/x',
  ])
    expect(await (await send(house, path)).text(), path).not.toContain(id);
});

describe('where copies are approved, a refusal of another revision names them', () => {
  it('when upstream has no such revision', async () => {
    const { status, code, message, warning } = await refusal(house, '/api/models/acme/tiny/revision/nope');
    expect([status, code]).toEqual([404, 'RevisionNotFound']);
    expect(message).toContain(`acme/tiny@nope was not found upstream. Approved here: ${approved} (main).`);
    expect(warning.endsWith(message)).toBe(true);
  });

  it('when upstream can not be reached', async () => {
    await hub.goAway();
    const { status, message, retryAfter } = await refusal(house, '/api/models/acme/tiny/revision/v9');
    await hub.comeBack();
    expect(status).toBe(502);
    expect(message).toMatch(
      /can not be reached\. Run the same command again later; .* meanwhile\. Approved here: [0-9a-f]{40} \(main\)\.$/,
    );
    expect(Number(retryAfter)).toBeGreaterThan(0);
  });

  it('but /refs of a repo that is approved by commit alone answers, and names none', async () => {
    addTiny(hub, 'acme/by-commit');
    const { id } = hub.repo('acme/by-commit').head();
    expect((await send(house, `/api/models/acme/by-commit/tree/${id}`)).status).toBe(200);
    await hub.goAway();
    const answer = await send(house, '/api/models/acme/by-commit/refs');
    const never = await send(house, '/api/models/acme/never/refs');
    await hub.comeBack();
    expect([answer.status, await answer.json()]).toEqual([200, { branches: [], tags: [], converts: [] }]);
    expect(never.status).toBe(502);
  });

  it('when the source has been closed since, and those that are approved are still served', async () => {
    const closed = await openHouse({
      ...{ folder, upstream: hub.url },
      config: { sources: [{ match: '*', mode: 'deny', reason: 'we left' }] },
    });
    for (const revision of ['main', approved, approved.slice(0, 8)])
      expect((await send(closed, `/acme/tiny/resolve/${revision}/config.json`)).status).toBe(200);
    for (const revision of ['dev', 'b'.repeat(40)]) {
      const { status, code, message, warning } = await refusal(closed, `/acme/tiny/resolve/${revision}/config.json`);
      expect([status, code]).toEqual([404, 'RevisionNotFound']);
      expect(message).toMatch(/is not approved here, and nothing new comes in from this source\. Approved here: /);
      expect(message).toContain(`${approved} (main)`);
      expect(warning.endsWith(message)).toBe(true);
    }
    const { status, code, message } = await refusal(closed, '/api/models/acme/other');
    expect([status, code]).toEqual([403, 'GatedRepo']);
    expect(message).toContain('we left');
    await closed.close();
  });
});
