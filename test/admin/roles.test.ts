// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Actor, ADMINISTRATOR } from '#src/access/actor.ts';
import { NO_GRANTS } from '#src/access/grants.ts';
import type { Asking } from '#src/access/identify.ts';
import { PERMISSIONS, ROLES, type Role, rolesWith } from '#src/access/permissions.ts';
import type { TokenInfo } from '#src/access/tokens.ts';
import { recordsIn } from '#test/audit/rooms.ts';
import { type House, openHouse, send } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';

const temp = useTemp();
let house: House;
let routes: Route[];
beforeAll(async () => {
  house = await openHouse({ folder: await temp('roles'), upstream: 'http://127.0.0.1:9', identify });
  routes = await routesOf(house);
});
afterAll(() => house.close());

/** `Bearer role:reviewer`, and one token of each kind that opens nothing. */
async function identify(authorization: string | undefined): Promise<Asking> {
  const role = ROLES.find((one) => authorization === `Bearer role:${one}`);
  if (role) return { type: 'actor', actor: actorWith([role]) };
  if (authorization === 'Bearer root') return { type: 'actor', actor: ADMINISTRATOR };
  if (authorization === 'Bearer expired') return { type: 'stranger', why: 'expired', token: EXPIRED };
  if (authorization === 'Bearer revoked') return { type: 'stranger', why: 'revoked', token: EXPIRED };
  if (authorization === 'Bearer none') return { type: 'actor', actor: actorWith([]) };
  return { type: 'stranger', why: authorization === undefined ? 'nothing sent' : 'unknown' };
}

const STRANGERS = [undefined, 'Bearer wrong', 'Bearer expired', 'Bearer revoked', 'Basic x', 'Bearer role:owner'];
/** Of an administrator, while it lived. */
const EXPIRED: TokenInfo = {
  ...{ id: 'e1', name: 'old', owner: 'ann', roles: ['admin'], grants: [], state: 'expired', createdBy: 'root' },
  ...{ createdAt: '2026-01-01T00:00:00.000Z', expiresAt: '2026-02-01T00:00:00.000Z' },
  ...{ lastUsedAt: null, revokedAt: null, revokedBy: null },
};

function actorWith(roles: readonly Role[]): Actor {
  return { id: 'a1', name: 'laptop', owner: 'ann', roles, grants: NO_GRANTS, via: 'token' };
}

interface Route {
  readonly method: string;
  readonly path: string;
  readonly permission: string;
  readonly changes: boolean;
}

/** Out of the description that the mirror gives of itself, which is made of the table that it serves. */
async function routesOf(at: House): Promise<Route[]> {
  const document = (await (await send(at, '/api/airlock/openapi.json')).json()) as {
    paths: Record<string, Record<string, Record<string, unknown>>>;
  };
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      permission: String(operation['x-airlock-permission']),
      changes: operation['x-airlock-changes'] === true,
    })),
  );
}

/** Names of a repo that is not there, and no body: what may be asked comes to nothing. */
async function ask({ method, path }: Route, authorization?: string): Promise<{ status: number; text: string }> {
  const address = path
    .replace('{kind}', 'models')
    .replace('{repo}', 'acme/none')
    .replace(/\{\w+\}/g, 'main');
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
  const answer = await send(house, address, { method, headers });
  return { status: answer.status, text: await answer.text() };
}

describe('every route of the API', () => {
  it('is in the table: nothing below /api/airlock is served beside it', () => {
    const served = house.app.routes
      .filter(({ method, path }) => method !== 'ALL' && path.startsWith('/api/airlock'))
      .map(({ method, path }) => `${method} ${path.replace(/:(?!rest)(\w+)/g, '{$1}')}`);
    const described = routes
      .filter(({ path }) => !path.includes('{revision}'))
      .map(({ method, path }) => `${method} ${path}`);
    expect(described.length).toBeGreaterThanOrEqual(14);
    expect(served.filter((one) => !one.includes(':rest')).sort()).toEqual(described.sort());
    for (const { permission } of routes) expect(['open', ...PERMISSIONS]).toContain(permission);
  });

  it('that changes something needs more than reading, and is no GET', () => {
    const changing = routes.filter(({ changes }) => changes);
    expect(changing.length).toBeGreaterThanOrEqual(7);
    for (const { method, permission } of changing) {
      expect(method).not.toBe('GET');
      expect(['open', 'read']).not.toContain(permission);
    }
    // To have a model fetched ahead is no more than to download it.
    const others = routes.filter(({ method, changes }) => method !== 'GET' && !changes);
    expect(others.map(({ path }) => path)).toEqual(['/api/airlock/pull']);
  });

  it('is refused to who has no role for it, before a body is looked at, and open to who has', async () => {
    let refused = 0;
    let opened = 0;
    for (const route of routes) {
      const { method, path, permission } = route;
      const isClosed = permission !== 'open' && permission !== 'read';
      for (const authorization of STRANGERS) {
        const { status } = await ask(route, authorization);
        expect([method, path, authorization, status === 401]).toEqual([method, path, authorization, isClosed]);
        if (isClosed) refused++;
      }
      for (const role of [...ROLES, undefined]) {
        const { status, text } = await ask(route, role ? `Bearer role:${role}` : 'Bearer none');
        const allowed = !isClosed || rolesWith(permission as never).includes(role as never);
        expect([method, path, role, status === 403]).toEqual([method, path, role, !allowed]);
        if (allowed) opened++;
        else {
          refused++;
          expect(text).toContain(`this needs the role ${rolesWith(permission as never).join(' or ')}`);
        }
      }
      expect([403, 401]).not.toContain((await ask(route, 'Bearer root')).status);
    }
    expect(routes.length).toBeGreaterThanOrEqual(17);
    expect(refused).toBeGreaterThan(120);
    expect(opened).toBeGreaterThan(60);
  });

  it('that changes something is written down before it happens, and not where the order is refused', async () => {
    const acts = async () => {
      const events = (await recordsIn(house.records, house.ring.keys)).flatMap((record) => record.events);
      return events.filter((event) => event.type === 'act');
    };
    const before = await acts();
    for (const route of routes.filter(({ changes }) => changes)) {
      await ask(route);
      await ask(route, 'Bearer role:reader');
    }
    expect(await acts()).toEqual(before);
    await ask({ method: 'DELETE', path: '/api/airlock/tokens/x', permission: '', changes: true }, 'Bearer role:admin');
    expect((await acts()).at(-1)).toMatchObject({ action: 'DELETE /tokens/{id}', actor: { id: 'a1' } });
  });
});

describe('who signs', () => {
  const reject = async (authorization: string, by?: string) => {
    const answer = await send(house, '/api/airlock/reject', {
      method: 'POST',
      headers: { authorization },
      body: JSON.stringify({ repo: 'acme/signed', revision: 'c'.repeat(40), reason: 'no', by }),
    });
    return { status: answer.status, text: await answer.text() };
  };
  const signer = async () => {
    const state = await house.journal.state({ kind: 'models', id: 'acme/signed' });
    return state.commits.get('c'.repeat(40) as never);
  };

  it('is the owner of the token, who can name nobody else', async () => {
    expect(await reject('Bearer role:reviewer', 'bob')).toMatchObject({
      status: 400,
      text: expect.stringContaining('acts for ann and for nobody else'),
    });
    expect(await signer()).toBeUndefined();
    expect((await reject('Bearer role:reviewer')).status).toBe(200);
    expect(await signer()).toMatchObject({ by: 'ann' });
    expect((await reject('Bearer role:reviewer', 'ann')).status).toBe(200);
  });

  it('is whom the holder of the shared token names', async () => {
    expect(await reject('Bearer root')).toMatchObject({ status: 400, text: expect.stringContaining('by: name') });
    expect((await reject('Bearer root', 'bob')).status).toBe(200);
    expect(await signer()).toMatchObject({ by: 'bob' });
  });
});
