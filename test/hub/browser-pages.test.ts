// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addTiny } from '#test/fake-hub/repos.ts';
import { type FakeHub, startFakeHub } from '#test/fake-hub/server.ts';
import { type House, openHouse, send } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';

const temp = useTemp();
const PAGE = 'https://notebooks.example';
const FILE = '/acme/tiny/resolve/main/config.json';
let hub: FakeHub;
let open: House;
let named: House;
beforeAll(async () => {
  hub = await startFakeHub();
  addTiny(hub);
  open = await openHouse({ folder: await temp('open'), upstream: hub.url });
  const config = { access: { browserOrigins: [PAGE], anonymous: false } };
  named = await openHouse({ folder: await temp('named'), upstream: hub.url, config });
});
afterAll(async () => {
  await open.close();
  await named.close();
  await hub.stop();
});

const preflight = (at: House, origin: string) =>
  send(at, FILE, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'authorization,range',
    },
  });

describe('a page that is named', () => {
  it('may read what it could read elsewhere, a refusal too', async () => {
    const asked = await preflight(named, PAGE);
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-origin')).toBe(PAGE);
    expect(asked.headers.get('access-control-allow-headers')).toMatch(/Authorization.*Range/);
    expect(asked.headers.get('access-control-allow-methods')).toBe('GET,HEAD,POST');
    const refused = await send(named, FILE, { headers: { origin: PAGE } });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('access-control-allow-origin')).toBe(PAGE);
    expect(refused.headers.get('access-control-expose-headers')).toContain('X-Error-Message');
    expect(refused.headers.get('access-control-allow-credentials')).toBeNull();
  });
});

describe('any other page', () => {
  it.each(['https://evil.example', 'null', `${PAGE}.evil.example`, 'http://notebooks.example'])(
    '%s may not',
    async (origin) => {
      for (const at of [open, named]) {
        const answers = [await preflight(at, origin), await send(at, FILE, { headers: { origin } })];
        for (const { headers } of answers) expect(headers.get('access-control-allow-origin')).toBeNull();
      }
    },
  );

  it('where no page is named, a preflight is a write like any other', async () => {
    expect((await preflight(open, PAGE)).status).toBe(403);
  });
});
