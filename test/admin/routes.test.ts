// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openJournalEntry } from '#src/attest/journal-entry.ts';
import { verifyModelSignature } from '#src/attest/model-signature.ts';
import { openReleaseStatement } from '#src/attest/release-statement.ts';
import { loadPublicKey } from '#src/attest/signer.ts';
import { journalKey } from '#src/catalog/keys.ts';
import { parseRepo } from '#src/domain/repo.ts';
import { addDataset, addHeld, addHostile, addLicensed, addTiny } from '#test/fake-hub/repos.ts';
import { type FakeHub, startFakeHub } from '#test/fake-hub/server.ts';
import { ADMIN_TOKEN, type House, openHouse, post, send } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';

const temp = useTemp();
let hub: FakeHub;
let house: House;
beforeAll(async () => {
  hub = await startFakeHub();
  addTiny(hub);
  addHeld(hub);
  addHostile(hub);
  addLicensed(hub, undefined, 'acme/no-license');
  addDataset(hub);
  house = await openHouse({ folder: await temp('admin'), upstream: hub.url });
  for (const id of ['acme/tiny', 'acme/held', 'acme/hostile', 'acme/no-license']) await get(`/api/models/${id}`);
  await get('/api/datasets/acme/tiny-data');
});
afterAll(async () => {
  await house.close();
  await hub.stop();
});

async function get(path: string, init: RequestInit = {}): Promise<{ status: number; headers: Headers; bytes: Buffer }> {
  const answer = await send(house, path, init);
  return { status: answer.status, headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) };
}

async function getJson(path: string, init: RequestInit = {}): Promise<Record<string, unknown>> {
  const { status, bytes } = await get(path, init);
  expect(status, `${path}: ${bytes}`).toBe(200);
  return JSON.parse(bytes.toString());
}

const head = (id: string) => hub.repo(id).head().id;
const ann = { by: 'ann', reason: 'read the evidence' };

/** All signed records but the audit's, which tells of what came to nothing, too: whatever changes anything changes these. */
async function records(): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of house.records.list('')) if (!key.startsWith('audit/')) keys.push(key);
  return keys;
}

describe('who may act', () => {
  // Each form of a header is tried on these; `roles.test.ts` tries every route that there is, out of the table itself.
  const VERBS = [
    ...['approve', 'reject', 'revoke', 'pin', 'rescan', 'tokens'],
    ...['revocations', 'revocations/:ruling/reinstate', 'rollback'],
    ...['notifications/retry', 'notifications/discard', 'notifications/test'],
  ];
  /** To read the last rescan's report, or a list, is no act. */
  const READS: readonly string[] = [
    'GET rescan',
    'HEAD rescan',
    'GET tokens',
    'HEAD tokens',
    'GET revocations',
    'HEAD revocations',
  ];

  it.each(VERBS)('%s without the right token is a 401, and nothing changes', async (verb) => {
    const before = await records();
    const body = { repo: 'acme/held', revision: head('acme/held'), ref: 'main', commit: head('acme/tiny'), ...ann };
    const right = `Bearer ${ADMIN_TOKEN}`;
    const headers: Record<string, string>[] = [
      {},
      { authorization: '' },
      { authorization: 'Bearer' },
      { authorization: 'Bearer ' },
      { authorization: 'Bearer wrong' },
      { authorization: `${right}x` },
      { authorization: right.slice(0, -1) },
      { authorization: ADMIN_TOKEN },
      { authorization: `Basic ${Buffer.from(`x:${ADMIN_TOKEN}`).toString('base64')}` },
      { authorization: `${right}, Bearer other` },
      { 'x-authorization': right },
      { cookie: `authorization=${right}` },
    ];
    // A stranger does not learn what a body should look like either.
    for (const given of headers)
      for (const text of [JSON.stringify(body), '{', '']) {
        const answer = await get(`/api/airlock/${verb}`, { method: 'POST', headers: given, body: text });
        expect([given, answer.status]).toEqual([given, 401]);
        expect(answer.bytes.toString()).toContain('administrative token');
        expect(answer.bytes.toString()).not.toContain(ADMIN_TOKEN);
      }
    for (const path of [`/api/airlock/${verb}?token=${ADMIN_TOKEN}`, `/api/airlock/${verb}?authorization=${right}`])
      expect((await get(path, { method: 'POST', body: JSON.stringify(body) })).status).toBe(401);
    expect(await records()).toEqual(before);
  });

  it('acts are POSTs: any other method does nothing, with the right token too', async () => {
    const before = await records();
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    for (const verb of VERBS)
      for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
        expect((await get(`/api/airlock/${verb}`, { method, headers })).status).toBeOneOf(
          READS.includes(`${method} ${verb}`) ? [200] : [403, 404],
        );
    expect(await records()).toEqual(before);
  });

  it('the token is in no log line', async () => {
    await post(house, 'reject', '{');
    expect(house.log.length).toBeGreaterThan(0);
    expect(JSON.stringify(house.log)).not.toContain(ADMIN_TOKEN);
  });
});

describe('what is asked', () => {
  const good = { repo: 'acme/held', revision: 'main', ...ann };
  const BODIES: [verb: string, body: unknown, says: string][] = [
    ['approve', '', 'Invalid input'],
    ['approve', '{', 'Invalid input'],
    ['approve', 'null', 'Invalid input'],
    ['approve', '[]', 'Invalid input'],
    ['approve', '"x"', 'Invalid input'],
    ['approve', {}, 'repo'],
    ['approve', { ...good, by: undefined }, 'by'],
    ['approve', { ...good, by: ' ' }, 'by'],
    ['approve', { ...good, by: 'x'.repeat(201) }, 'by'],
    ['approve', { ...good, by: 'policy' }, 'reserved'],
    ['approve', { ...good, by: ' Policy ' }, 'reserved'],
    ['reject', { ...good, by: 'POLICY' }, 'reserved'],
    ['revoke', { ...good, by: '\uff50olicy' }, 'reserved'],
    ['pin', { repo: 'acme/tiny', ref: 'main', commit: 'a'.repeat(40), ...ann, by: 'policy' }, 'reserved'],
    ['approve', { ...good, reason: undefined }, 'reason'],
    ['approve', { ...good, reason: '\n\t ' }, 'reason'],
    ['approve', { ...good, reason: 'x'.repeat(2001) }, 'reason'],
    ['approve', { ...good, repo: 7 }, 'repo'],
    ['approve', { ...good, repo: 'a/b/c' }, 'two segments'],
    ['approve', { ...good, repo: '../etc' }, 'not a repo id'],
    ['approve', { ...good, kind: 'buckets' }, 'kind'],
    ['approve', { ...good, revision: '' }, 'not a revision'],
    ['approve', { ...good, revision: '../x' }, 'not a revision'],
    ['approve', { ...good, revision: '\ud800' }, 'not a revision'],
    ['approve', { ...good, revision: null }, 'revision'],
    ['approve', { ...good, evenDenied: 'yes' }, 'evenDenied'],
    ['approve', { ...good, force: true }, 'force'],
    ['reject', { ...good, evenDenied: true }, 'evenDenied'],
    ['reject', { ...good, revision: 'never-asked-for' }, 'Name the commit'],
    ['revoke', { ...good, revision: 'refs/heads/HEAD' }, 'not a revision'],
    ['revoke', good, 'nothing to revoke'],
    ['pin', good, 'ref'],
    ['pin', { repo: 'acme/tiny', ref: 'main', commit: 'main', ...ann }, 'not a commit'],
    ['pin', { repo: 'acme/tiny', ref: '..', commit: 'a'.repeat(40), ...ann }, 'not a revision'],
    ['pin', { repo: 'acme/tiny', ref: 'a'.repeat(40), commit: 'a'.repeat(40), ...ann }, 'not a revision'],
    ['pin', { repo: 'acme/tiny', ref: 'main', commit: 'a'.repeat(40), ...ann }, 'is not approved'],
  ];

  it.each(BODIES)('%s %j is a 400 that says what is wrong, and changes nothing', async (verb, body, says) => {
    const before = await records();
    const answer = await post(house, verb, body);
    expect([answer.status, answer.body.error]).toEqual([400, expect.stringContaining(says)]);
    expect(await records()).toEqual(before);
  });

  it('texts of any script and length are taken as they are', async () => {
    const repo = 'acme/words';
    const reason = `日本語 "quotes" \u202e\u0007 two\nlines ${'x'.repeat(1900)}`;
    expect((await post(house, 'reject', { repo, revision: 'c'.repeat(40), by: 'Änn', reason })).status).toBe(200);
    const entry = openJournalEntry(
      (await house.records.get(journalKey(parseRepo('models', repo), 1)))?.bytes ?? Buffer.alloc(0),
      house.ring.keys,
    );
    expect(entry).toMatchObject({ by: 'Änn', reason });
    const refused = await get(`/${repo}/resolve/${'c'.repeat(40)}/config.json`);
    expect(refused.status).toBe(403);
    expect(refused.headers.get('x-error-message')).toMatch(/^[\x20-\x7e]{20,1000}$/);
  });

  it('text that is not well-formed is answered, and never breaks the journal', async () => {
    const repo = 'acme/surrogate';
    const answer = await post(house, 'reject', { repo, revision: 'c'.repeat(40), by: 'x', reason: 'a \ud800 b' });
    expect(answer.status).toBeLessThan(500);
    expect((await house.journal.state(parseRepo('models', repo))).seq).toBe(answer.status === 200 ? 1 : 0);
  });
});

describe('acts', () => {
  it('approve answers with the outcome, then with a conflict', async () => {
    const asked = { repo: 'acme/no-license', revision: 'main', ...ann };
    const commit = head('acme/no-license');
    expect(await post(house, 'approve', asked)).toEqual({
      status: 200,
      body: { repo: 'acme/no-license', commit, state: 'approved' },
    });
    expect(await post(house, 'approve', asked)).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining('approved already') },
    });
  });

  it('reject, revoke and pin answer with repo, commit and state', async () => {
    const commit = head('acme/tiny');
    const repo = 'acme/tiny';
    expect((await post(house, 'pin', { repo, ref: 'stable', commit, ...ann })).body).toEqual({
      ...{ repo, commit },
      ref: 'stable',
      state: 'pinned',
    });
    expect((await post(house, 'reject', { repo: 'acme/held', ...ann })).body).toEqual({
      ...{ repo: 'acme/held', commit: head('acme/held') },
      state: 'rejected',
    });
    const data = { kind: 'datasets', repo: 'acme/tiny-data', ...ann };
    expect((await post(house, 'revoke', data)).body).toMatchObject({
      repo: 'datasets/acme/tiny-data',
      commit: hub.repo('acme/tiny-data', 'datasets').head().id,
      state: 'revoked',
    });
  });
});

describe('what is known of a revision', () => {
  const decision = (repo: string, revision: string, kind = 'models') =>
    getJson(`/api/airlock/${kind}/${repo}/revision/${encodeURIComponent(revision)}/decision`);

  it('approved: by whom, when, how many files, which statement', async () => {
    const commit = head('acme/no-license');
    const known = {
      ...{ kind: 'models', repo: 'acme/no-license', commit, state: 'approved', approvedBy: 'ann', files: 9 },
      approvedAt: expect.stringMatching(/^2026-03-01T12:/),
      statement: expect.stringMatching(/^[0-9a-f]{64}$/),
      approver: { type: 'person', name: 'ann', reason: ann.reason },
      license: { declared: [], from: expect.stringContaining('README.md') },
      reasons: [expect.objectContaining({ rule: 'license-missing', effect: 'hold', accepted: 'ann' })],
      ...{ withheld: [], withheldCount: 0, excluded: [], excludedCount: 0 },
      policyDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
      rulesVersion: expect.any(String),
    };
    for (const revision of ['main', commit, 'HEAD', commit.slice(0, 8)])
      expect(await decision('acme/no-license', revision)).toEqual(known);
  });

  it('denied: every reason, and what the scanner found where', async () => {
    for (const revision of ['main', head('acme/hostile')])
      expect(await decision('acme/hostile', revision)).toMatchObject({
        ...{ state: 'denied', outcome: 'denied', commit: head('acme/hostile') },
        reasons: expect.arrayContaining([
          expect.objectContaining({ rule: 'verdict-block', effect: 'deny', path: 'pytorch_model.bin' }),
        ]),
        files: [
          expect.objectContaining({
            path: 'pytorch_model.bin',
            verdict: 'block',
            findings: expect.arrayContaining([expect.objectContaining({ level: 'block' })]),
          }),
        ],
        license: { declared: ['apache-2.0'], from: 'README.md' },
        policyDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
  });

  it('rejected and revoked: by whom, when, why; by branch as by commit', async () => {
    for (const revision of ['main', head('acme/held')])
      expect(await decision('acme/held', revision)).toEqual({
        ...{ kind: 'models', repo: 'acme/held', commit: head('acme/held'), state: 'rejected', ...ann },
        at: expect.stringMatching(/^2026-03-01T/),
      });
    expect(await decision('acme/tiny-data', 'main', 'datasets')).toMatchObject({ state: 'revoked', ...ann });
  });

  it('nothing: says so, and asks nobody', async () => {
    const before = hub.stats.requests;
    expect(await decision('acme/nobody', 'main')).toEqual({ kind: 'models', repo: 'acme/nobody', state: 'unknown' });
    const commit = 'd'.repeat(40);
    expect(await decision('acme/tiny', commit)).toEqual({
      ...{ kind: 'models', repo: 'acme/tiny' },
      commit,
      state: 'unknown',
    });
    expect(hub.stats.requests).toBe(before);
  });

  it('lists hold what is denied and held, and intakes what ran', async () => {
    const decisions = '/api/airlock/decisions?outcome=denied';
    expect((await get(decisions)).status).toBe(401);
    const list = await getJson(decisions, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
    expect(list).toEqual([
      expect.objectContaining({ kind: 'models', repo: 'acme/hostile', outcome: 'denied', reasons: expect.any(Array) }),
    ]);
    const intakes = await getJson('/api/airlock/intakes');
    expect(intakes).toMatchObject({ running: [], recent: expect.any(Array) });
    expect((intakes.recent as object[]).length).toBeGreaterThanOrEqual(5);
  });
});

describe('downloads', () => {
  const of = (leaf: string) => get(`/api/airlock/models/acme/tiny/revision/main/${leaf}`);

  it('key, bundle and statement are all that is needed to verify a release', async () => {
    const { bytes, headers } = await get('/api/airlock/key');
    expect(headers.get('content-type')).toBe('application/x-pem-file');
    const key = loadPublicKey('approval', bytes.toString());
    expect(key).toEqual(house.ring.signers.approval.key);
    const statement = await of('statement');
    expect(statement.headers.get('x-repo-commit')).toBe(head('acme/tiny'));
    const opened = openReleaseStatement(statement.bytes, [key]);
    expect(opened).toMatchObject({ repo: { kind: 'models', id: 'acme/tiny' }, commit: head('acme/tiny') });
    verifyModelSignature((await of('bundle')).bytes, [key], opened.files);
    const [first, ...rest] = opened.files.filter(({ path }) => path !== '.gitattributes');
    expect(first).toBeDefined();
    expect(() => verifyModelSignature(statement.bytes, [key], rest)).toThrow();
    const other = loadPublicKey('evidence', (await get('/api/airlock/key?role=evidence')).bytes.toString());
    expect(other).toEqual(house.ring.signers.evidence.key);
    expect(() => openReleaseStatement(statement.bytes, [other])).toThrow();
  });

  it('of what is not approved are a 404', async () => {
    for (const [kind, repo] of [
      ['models', 'acme/held'],
      ['models', 'acme/hostile'],
      ['models', 'acme/nobody'],
      ['datasets', 'acme/tiny-data'],
      ['datasets', 'acme/tiny'],
    ])
      for (const leaf of ['bundle', 'statement'])
        expect((await get(`/api/airlock/${kind}/${repo}/revision/main/${leaf}`)).status).toBe(404);
  });

  it('a repo may be called "revision", and a ref may have slashes', async () => {
    addTiny(hub, 'acme/revision');
    expect((await get('/acme/revision/resolve/main/config.json')).status).toBe(200);
    const path = '/api/airlock/models/acme/revision/revision/main/decision';
    expect(await getJson(path)).toMatchObject({ repo: 'acme/revision', state: 'approved' });
    const commit = head('acme/tiny');
    await post(house, 'pin', { repo: 'acme/tiny', ref: 'refs/pr/9', commit, ...ann });
    for (const ref of ['refs%2Fpr%2F9', 'refs/pr/9'])
      expect(await getJson(`/api/airlock/models/acme/tiny/revision/${ref}/decision`)).toMatchObject({ commit });
  });
});

describe('hostile addresses are a 4xx', () => {
  const PARTS = [
    '%00',
    '%',
    '%ff',
    '%E0%A4%A',
    '..',
    '%2e%2e',
    '%2F',
    '..%2F..%2Fetc',
    '%5C',
    ' ',
    '%0d%0aX:1',
    'x'.repeat(3000),
  ];
  const PATHS = PARTS.flatMap((part) => [
    `/api/airlock/${part}`,
    `/api/airlock/${part}/acme/tiny/revision/main/decision`,
    `/api/airlock/models/${part}/revision/main/decision`,
    `/api/airlock/models/acme/${part}/revision/main/statement`,
    `/api/airlock/models/acme/tiny/revision/${part}/decision`,
    `/api/airlock/models/acme/tiny/revision/main/${part}`,
    `/api/airlock/models/acme/tiny/${part}/main/bundle`,
  ]);
  const OTHERS = [
    '',
    '/',
    '//',
    '/models',
    '/models/acme/tiny/revision/decision',
    '/models/a/b/c/revision/main/decision',
  ];

  it.each([...PATHS, ...OTHERS.map((path) => `/api/airlock${path}`)])('%s', async (path) => {
    const before = await records();
    for (const method of ['GET', 'HEAD']) {
      const answer = await get(path, { method });
      expect(answer.status, answer.bytes.toString()).toBeGreaterThanOrEqual(400);
      expect(answer.status, answer.bytes.toString()).toBeLessThan(500);
      expect(answer.headers.get('x-error-message')).toMatch(/^[\x20-\x7e]{10,1000}$/);
    }
    expect(await records()).toEqual(before);
  });
});
