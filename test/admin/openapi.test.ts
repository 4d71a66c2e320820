// SPDX-License-Identifier: Apache-2.0
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { addHeld, addTiny } from '#test/fake-hub/repos.ts';
import { type FakeHub, startFakeHub } from '#test/fake-hub/server.ts';
import { ADMIN_TOKEN, type House, openHouse, send } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly security: readonly object[];
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema?: object }> }>;
  readonly 'x-airlock-permission': string;
}
type Document = {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
};

const temp = useTemp();
let hub: FakeHub;
let house: House;
let document: Document;
beforeAll(async () => {
  hub = await startFakeHub();
  addTiny(hub);
  addHeld(hub);
  house = await openHouse({ folder: await temp('openapi'), upstream: hub.url });
  document = (await (await send(house, '/api/airlock/openapi.json')).json()) as Document;
});
afterAll(async () => {
  await house.close();
  await hub.stop();
});

const operations = () => Object.values(document.paths).flatMap((methods) => Object.values(methods));

describe('the description of the API', () => {
  it('is OpenAPI 3.1, as a validator of others sees it', async () => {
    const { valid, errors } = await new Validator().validate({ ...document });
    expect(errors ?? []).toEqual([]);
    expect([valid, document.openapi]).toEqual([true, '3.1.0']);
    const broken = { ...document, paths: { '/x': { get: { parameters: [{ in: 'nowhere' }] } } } };
    expect((await new Validator().validate(broken)).valid).toBe(false);
  });

  it('names every operation once, in one line, with every part of its path', () => {
    const ids = operations().map(({ operationId }) => operationId);
    expect(ids.length).toBeGreaterThanOrEqual(17);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [path, methods] of Object.entries(document.paths))
      for (const { parameters, summary } of Object.values(methods)) {
        expect(summary).toMatch(/^[A-Z][^\n]{10,120}$/);
        const parts = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
        expect(parameters.filter((one) => one.in === 'path').map(({ name }) => name)).toEqual(parts);
      }
  });

  it('says of each who may, and asks for a token where one is needed', () => {
    for (const operation of operations()) {
      const permission = operation['x-airlock-permission'];
      const asks = operation.security.some((one) => 'token' in one);
      expect([operation.operationId, asks]).toEqual([operation.operationId, permission !== 'open']);
    }
  });
});

describe('an answer', () => {
  const ADMIN = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const tiny = { repo: 'acme/tiny', by: 'ann', reason: 'read the evidence' };
  const revision = '/api/airlock/models/acme/tiny/revision/main';

  it.each<[method: string, path: string, address: string, body?: object]>([
    ['post', '/pull', '/api/airlock/pull?wait=50', { repo: 'acme/tiny' }],
    ['post', '/pull', '/api/airlock/pull?wait=50', { repo: 'acme/held' }],
    ['post', '/tokens', '/api/airlock/tokens', { name: 'ci', owner: 'ann', by: 'bob' }],
    ['get', '/tokens', '/api/airlock/tokens'],
    ['post', '/approve', '/api/airlock/approve', { ...tiny, repo: 'acme/held' }],
    ['get', '/intakes', '/api/airlock/intakes'],
    ['get', '/decisions', '/api/airlock/decisions'],
    ['post', '/rescan', '/api/airlock/rescan'],
    ['get', '/rescan', '/api/airlock/rescan'],
    ['get', '/{kind}/{repo}/revision/{revision}/decision', `${revision}/decision`],
    ['get', '/{kind}/{repo}/revision/{revision}/statement', `${revision}/statement`],
    ['get', '/key', '/api/airlock/key'],
    ['post', '/revoke', '/api/airlock/revoke', tiny],
  ])('to %s %s is what the description says', async (method, path, address, body) => {
    const init = { method: method.toUpperCase(), headers: ADMIN, ...(body ? { body: JSON.stringify(body) } : {}) };
    const answer = await send(house, address, init);
    const bytes = Buffer.from(await answer.arrayBuffer());
    const described = document.paths[`/api/airlock${path}`]?.[method]?.responses[String(answer.status)];
    expect(described, `${answer.status} ${bytes}`).toBeDefined();
    const [type = ''] = (answer.headers.get('content-type') ?? '').split(';');
    const content = described?.content?.[type];
    expect(content, type).toBeDefined();
    if (type === 'application/json') expect(problems(content?.schema ?? {}, JSON.parse(bytes.toString()))).toEqual([]);
  });
});

function problems(schema: object, value: unknown): unknown[] {
  return z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]).safeParse(value).error?.issues ?? [];
}
