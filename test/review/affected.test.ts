// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openNotice } from '#src/attest/notice.ts';
import { sha256Of } from '#src/domain/digest.ts';
import { parseRepoPath } from '#src/domain/path.ts';
import { Pulls } from '#src/review/pulls.ts';
import { revokedBy } from '#src/sweep/revoked.ts';
import { ann, append, commitOf, draft, model, publish } from '#test/catalog/drafts.ts';
import { ADMIN_TOKEN, type House, openHouse, send } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';

const temp = useTemp();
let house: House;
const A = commitOf('a');
const [EVIL, GOOD, CHILD] = [model('acme/evil'), model('good/one'), model('kid/adapter')];
const WEIGHTS = sha256Of('weights');

beforeAll(async () => {
  house = await openHouse({ folder: await temp('affected'), upstream: 'http://127.0.0.1:9' });
  await publish(house, EVIL, A);
  const [own] = draft(GOOD, A).files;
  if (!own) throw new Error('the draft has no files');
  const shared = draft(GOOD, A).files.filter(({ path }) => path === 'README.md');
  await house.publisher.publish({ ...draft(GOOD, A), files: [...shared, { ...own, sha256: sha256Of('its own') }] });
  const lineage = [{ repo: EVIL, relation: 'adapter' as const }];
  await house.publisher.publish({
    ...draft(CHILD, A),
    files: [{ ...own, path: parseRepoPath('adapter.safetensors'), sha256: sha256Of('adapter') }],
    lineage: lineage as never,
  });
});
afterAll(() => house.close());

async function get(path: string, token = ADMIN_TOKEN, at = house): Promise<{ status: number; bytes: Buffer }> {
  const answer = await send(at, `/api/airlock/${path}`, { headers: { authorization: `Bearer ${token}` } });
  return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()) };
}
const json = async (path: string, at = house) =>
  JSON.parse((await get(path, ADMIN_TOKEN, at)).bytes.toString()) as Record<string, unknown>;

describe('what is affected', () => {
  it.each([
    ['a commit', `repo=acme/evil&revision=${A}`],
    ['a branch', 'repo=acme/evil&revision=main'],
    ['a repo', 'repo=Acme/Evil'],
    ['a publisher', 'publisher=acme'],
    ['a file that it alone has', `digest=${WEIGHTS}`],
  ])('by %s: the releases, what derives from them, who pulled them', async (_, query) => {
    const found = await json(`affected?${query}`);
    expect(found.releases).toMatchObject([{ repo: 'acme/evil', commit: A }]);
    expect(found.derived).toEqual([
      { kind: 'models', repo: 'kid/adapter', commit: A, base: 'acme/evil', relation: 'adapter' },
    ]);
    expect([found.pulls, found.cut]).toEqual([[], false]);
  });

  it.each(['rejection', 'approval'] as const)('a release that was served is found after a %s, too', async (type) => {
    const own = await openHouse({ folder: await temp('closed'), upstream: 'http://127.0.0.1:9' });
    await publish(own, EVIL, A);
    await append(own, EVIL, 'revocation', A);
    await append(own, EVIL, type, A);
    const found = await json(`affected?repo=${EVIL.id}&revision=${A}`, own);
    expect(found.releases).toMatchObject([{ repo: EVIL.id, commit: A }]);
    expect((await own.catalog.find(EVIL, { type: 'commit', commit: A })).type).not.toBe('release');
    await own.close();
  });

  it('and which others share its files', async () => {
    const found = await json(`affected?repo=acme/evil&revision=${A}`);
    expect(found.sharing).toEqual([{ kind: 'models', repo: 'good/one', commit: A, files: 1 }]);
  });

  it('by a rule: whatever was let through', async () => {
    expect(((await json('affected?rule=no-such-rule')).releases as unknown[]).length).toBe(0);
  });

  it.each([
    '',
    'repo=a/b&rule=x',
    'digest=abc',
    'rule=Bad%20Rule',
    'publisher=a/b',
    'repo=../x',
    'repo=acme/evil&revision=none',
  ])('%j is no subject', async (query) => {
    expect((await get(`affected?${query}`)).status).toBe(400);
  });
});

describe('a notice', () => {
  const notice = async (query: string) => openNotice((await get(`notice?${query}`)).bytes, house.ring.keys);

  it('says what is revoked, and nothing else', async () => {
    expect((await get(`notice?repo=acme/evil&revision=${A}`)).status).toBe(400);
    await append(house, EVIL, 'revocation', A);
    const made = await notice(`repo=acme/evil&revision=${A}`);
    expect(made).toMatchObject({
      about: 'acme/evil@aaaaaaa',
      revocations: [{ scope: { type: 'commit', repo: EVIL, commit: A }, by: 'ann', reason: ann.reason }],
      releases: [{ repo: EVIL, commit: A, revocation: 0 }],
    });
    expect(made.files.length).toBe(draft(EVIL, A).files.length);
    const revoked = revokedBy(made);
    expect(revoked.bytes(WEIGHTS)?.reason).toBe(ann.reason);
    // A file that good/one serves as well is revoked in its place alone.
    const [readme] = draft(EVIL, A).files.filter(({ path }) => path === 'README.md');
    expect([revoked.bytes(readme?.sha256 ?? WEIGHTS), revoked.commit(A)?.reason]).toEqual([undefined, ann.reason]);
  });

  it('of a ruling carries its number, also for what was never here; and without a subject names everything', async () => {
    const scope = { type: 'publisher', publisher: 'unseen' } as const;
    const ruling = await house.rulings.append({ type: 'revocation', scope }, ann, () => true);
    expect(await notice('publisher=UNSEEN')).toMatchObject({
      revocations: [{ scope, ruling }],
      releases: [],
      files: [],
    });
    const all = await notice('');
    expect(all.revocations.map((one) => one.scope.type).sort()).toEqual(['commit', 'publisher']);
    expect(revokedBy(all).repo(model('unseen/thing'))?.ruling).toBe(ruling);
  });
});

describe('who pulled', () => {
  const row = (parts: object) => ({
    ...{ actor: 't1', owner: 'ann', address: '10.0.0.1', kind: 'models' as const, repo: 'acme/evil', commit: A },
    ...{ path: 'a', at: '2026-01-01T00:00:00Z', last: '2026-01-01T00:00:09Z', body: '{"whole":1}' },
    ...parts,
  });
  async function pulls(limit: number, ...rows: object[]) {
    const all = new Pulls(limit);
    await all.addAll(
      (async function* () {
        for (const one of rows) yield row(one) as never;
      })(),
    );
    return all;
  }

  it('is told by token, owner and address, with files, first and last time; a HEAD is no pull', async () => {
    const { list } = await pulls(
      9,
      { path: 'b', at: '2026-01-02T00:00:00Z', last: '2026-01-03T00:00:00Z' },
      {},
      { path: 'c', body: '{"whole":0,"part":0,"issued":0,"asked":3}' },
      { actor: null, owner: null, address: '10.0.0.2', body: '{"issued":1}' },
    );
    expect(list).toMatchObject([
      { actor: 't1', first: '2026-01-01T00:00:00Z', last: '2026-01-03T00:00:00Z', files: 2, paths: ['b', 'a'] },
      { actor: null, address: '10.0.0.2', files: 1 },
    ]);
  });

  it('is cut where it has no end', async () => {
    const all = await pulls(1, {}, { actor: 't2' });
    expect([all.list.length, all.cut]).toEqual([1, true]);
  });
});
