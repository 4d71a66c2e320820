// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sha256Of } from '#src/domain/digest.ts';
import type { DecisionRow } from '#src/index/schema.ts';
import { commitOf, model } from '#test/catalog/drafts.ts';
import { evaluationOf, newSigner, signedBy } from '#test/support/evaluations.ts';
import { ADMIN_TOKEN, type House, openHouse, send } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';

const temp = useTemp();
const team = newSigner('team');
const A = commitOf('a');
const PATH = `/api/airlock/models/org/name/revision/${A}/evaluations`;
let house: House;
beforeAll(async () => {
  const config = { policy: { evaluationSigners: [team.signer] } };
  house = await openHouse({ folder: await temp('evaluations'), upstream: 'http://127.0.0.1:9', config });
});
afterAll(() => house.close());

async function ask(method: string, path: string, body?: object) {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' };
  const answer = await send(house, path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}
const document = (bytes: Buffer) => ({ document: bytes.toString() });

it('a document of a named signer is kept, and what was decided without it is forgotten', async () => {
  const row: DecisionRow = {
    ...{ kind: 'models', repo: 'org/name', commit: A, outcome: 'held', rulesVersion: 'x', complete: true },
    ...{ policyDigest: sha256Of('policy'), decidedAt: '2026-01-01T00:00:00.000Z', body: '{}' },
  };
  await house.index.decisions.put(row);
  const added = await ask('POST', PATH, document(signedBy(team, evaluationOf(['c'.repeat(64)]))));
  expect(added).toMatchObject({ status: 200, body: { commit: A, kind: 'safety', signers: ['team'] } });
  expect(await house.index.decisions.get(model('org/name'), A)).toBeUndefined();
  const { body } = await ask('GET', PATH);
  expect(body).toMatchObject({ commit: A, evaluations: [{ signers: ['team'], metrics: { score: 0.9 } }] });
});

it('a document of nobody is refused in words, and not kept', async () => {
  const refused = await ask('POST', PATH, document(signedBy(newSigner('x'), evaluationOf(['c'.repeat(64)]))));
  expect(refused.status).toBe(400);
  expect(JSON.stringify(refused.body)).toContain('none of the configured signers signed it');
  const { body } = await ask('GET', PATH);
  expect((body.evaluations as unknown[]).length).toBe(1);
});

it('a ref that nobody asked for has no commit to add to', async () => {
  const path = '/api/airlock/models/org/unknown/revision/main/evaluations';
  const answer = await ask('POST', path, document(signedBy(team, evaluationOf(['c'.repeat(64)]))));
  expect(JSON.stringify(answer.body)).toContain('name the commit');
  expect(answer.status).toBe(404);
});
