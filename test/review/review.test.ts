// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Journal } from '#src/catalog/journal.ts';
import { AirlockError, isAirlockError } from '#src/domain/errors.ts';
import { parseRepo, type Repo } from '#src/domain/repo.ts';
import { parseCommitSha, parseRef, parseRevision, type Revision } from '#src/domain/revision.ts';
import { createReview } from '#src/review/review.ts';
import { addHeld, addHostile, addLicensed, addTiny, card, tinyFiles } from '#test/fake-hub/repos.ts';
import { type FakeHub, startFakeHub } from '#test/fake-hub/server.ts';
import { safetensors, unknownGlobalPickle } from '#test/fake-hub/weights.ts';
import { type House, openHouse, send } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';
import { until } from '#test/support/until.ts';

const temp = useTemp();
let hub: FakeHub;
let house: House;
beforeAll(async () => {
  hub = await startFakeHub();
  house = await openHouse({
    folder: await temp('review'),
    upstream: hub.url,
    config: {
      sources: [
        { match: 'forbidden/*', mode: 'deny', reason: 'we do not trust them' },
        { match: '*', mode: 'auto' },
      ],
    },
  });
});
afterAll(async () => {
  await house.close();
  await hub.stop();
  expect(hub.stats.violations).toEqual([]);
});

const MAIN = parseRevision('main');
const ann = { by: 'ann', reason: 'the author answered by mail' };
const model = (id: string) => parseRepo('models', id);
const head = (repo: Repo) => parseCommitSha(hub.repo(repo.id).head().id);
const at = (commit: string): Revision => parseRevision(commit);

/** What a client gets for a file of the repo. */
async function pull(repo: Repo, revision = 'main'): Promise<{ status: number; text: string; commit: string | null }> {
  const answer = await send(house, `/${repo.id}/resolve/${revision}/config.json`);
  await answer.arrayBuffer();
  const text = answer.headers.get('x-error-message') ?? '';
  return { status: answer.status, text, commit: answer.headers.get('x-repo-commit') };
}

async function conflictOf(act: Promise<unknown>): Promise<string> {
  try {
    await act;
  } catch (error) {
    expect(isAirlockError(error, 'conflict'), String(error)).toBe(true);
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
}

describe('approve', () => {
  it('accepts what holds a commit: the next request is served, by commit and by branch', async () => {
    const repo = model('acme/no-license');
    addLicensed(hub, undefined, repo.id);
    expect(await pull(repo)).toMatchObject({ status: 403, text: expect.stringMatching(/is held.*license/) });
    const { commit, outcome } = await house.review.approve(repo, at(head(repo)), ann, false);
    expect(commit).toBe(head(repo));
    expect(await outcome).toEqual({ type: 'approved', commit });
    expect(await pull(repo, commit)).toMatchObject({ status: 200, commit });
    expect(await pull(repo)).toMatchObject({ status: 200, commit });
    const found = await house.catalog.find(repo, at(commit));
    expect(found).toMatchObject({ type: 'release', release: { approvedBy: 'ann' } });
  });

  it('by branch pins the branch', async () => {
    const repo = model('acme/by-ref');
    addLicensed(hub, undefined, repo.id);
    await pull(repo);
    const { commit, outcome } = await house.review.approve(repo, MAIN, ann, false);
    expect(await outcome).toEqual({ type: 'approved', commit });
    expect((await house.journal.state(repo)).pins.get(parseRef('main'))).toMatchObject({ commit });
    const before = hub.stats.requests;
    expect(await pull(repo)).toMatchObject({ status: 200, commit });
    expect(hub.stats.requests).toBe(before);
  });

  it('by branch approves what was looked at, even when upstream has moved since', async () => {
    const repo = model('acme/moved');
    addLicensed(hub, undefined, repo.id);
    await pull(repo);
    const seen = head(repo);
    const moved = hub.repo(repo.id).move('main', { 'config.json': '{"model_type": "other"}' });
    const { commit, outcome } = await house.review.approve(repo, MAIN, ann, false);
    expect(commit).toBe(seen);
    expect(await outcome).toEqual({ type: 'approved', commit: seen });
    expect(await pull(repo)).toMatchObject({ status: 200, commit: seen });
    expect(await house.catalog.find(repo, at(moved))).toEqual({ type: 'unknown' });
  });

  it('of a commit that nobody has looked at says what stands against it, and accepts that the second time', async () => {
    const repo = model('acme/unseen');
    addLicensed(hub, undefined, repo.id);
    const first = await conflictOf(house.review.approve(repo, MAIN, ann, false));
    expect(first).toMatch(/had not been looked at before\. It is held: no license.*Run the same command again/);
    expect((await pull(repo)).status).toBe(403);
    const { outcome } = await house.review.approve(repo, MAIN, ann, false);
    expect(await outcome).toMatchObject({ type: 'approved' });
  });

  it('does not accept reasons that show up only then: a scan that the hold came before holds again', async () => {
    const repo = model('acme/two-holds');
    const { 'model.safetensors': _, ...rest } = tinyFiles();
    hub.repo(repo.id).commit({ ...rest, 'README.md': card(), 'pytorch_model.bin': unknownGlobalPickle() });
    await pull(repo);
    const first = await house.review.approve(repo, MAIN, ann, false);
    expect(await first.outcome).toMatchObject({
      type: 'refused',
      decision: {
        outcome: 'held',
        reasons: expect.arrayContaining([
          expect.objectContaining({ rule: 'license-missing', accepted: 'ann' }),
          expect.not.objectContaining({ accepted: expect.anything() }),
        ]),
      },
    });
    expect(await pull(repo)).toMatchObject({ status: 403, text: expect.stringContaining('acme.layers') });
    const second = await house.review.approve(repo, MAIN, { ...ann, by: 'bob' }, false);
    expect(await second.outcome).toMatchObject({ type: 'approved' });
    expect((await pull(repo)).status).toBe(200);
  });

  it('takes a denial only when it is told to', async () => {
    const repo = model('acme/nc');
    addLicensed(hub, 'cc-by-nc-4.0', repo.id);
    expect(await pull(repo)).toMatchObject({ status: 403, text: expect.stringContaining('cc-by-nc-4.0') });
    const message = await conflictOf(house.review.approve(repo, MAIN, ann, false));
    expect(message).toMatch(/is denied: .*cc-by-nc-4\.0.*--even-denied/);
    expect((await house.journal.state(repo)).seq).toBe(0);
    const { outcome } = await house.review.approve(repo, MAIN, ann, true);
    expect(await outcome).toMatchObject({ type: 'approved' });
    expect((await pull(repo)).status).toBe(200);
  });

  it('can not lift what a scanner blocks, nor a source that is denied, and says so', async () => {
    const hostile = model('acme/hostile');
    addHostile(hub);
    await pull(hostile);
    for (const revision of [MAIN, at(head(hostile))])
      expect(await conflictOf(house.review.approve(hostile, revision, ann, true))).toMatch(
        /can not be approved: .*os\.system.*configuration would have to change/,
      );
    const forbidden = model('forbidden/model');
    addTiny(hub, forbidden.id);
    for (const revision of [MAIN, at(head(forbidden))])
      expect(await conflictOf(house.review.approve(forbidden, revision, ann, true))).toContain('we do not trust them');
    for (const repo of [hostile, forbidden]) {
      expect((await house.journal.state(repo)).seq).toBe(0);
      expect((await pull(repo)).status).toBe(403);
    }
  });

  it('of what is approved already is a conflict, and adds nothing', async () => {
    const repo = model('acme/fine');
    addTiny(hub, repo.id);
    await pull(repo);
    const { seq } = await house.journal.state(repo);
    expect(await conflictOf(house.review.approve(repo, MAIN, ann, false))).toContain('approved already');
    expect(await conflictOf(house.review.approve(repo, at(head(repo)), ann, true))).toContain('approved already');
    expect((await house.journal.state(repo)).seq).toBe(seq);
  });

  it('of two people at the same time one is told that the other was first, or both are recorded; it is served once', async () => {
    const repo = model('acme/two-people');
    addLicensed(hub, undefined, repo.id);
    await pull(repo);
    const acts = await Promise.allSettled(
      ['ann', 'bob'].map(async (by) => {
        const { outcome } = await house.review.approve(repo, MAIN, { by, reason: 'read it' }, false);
        return outcome;
      }),
    );
    for (const act of acts)
      if (act.status === 'rejected') expect(isAirlockError(act.reason, 'conflict')).toBe(true);
      else expect(act.value).toMatchObject({ type: 'approved' });
    expect(acts.some(({ status }) => status === 'fulfilled')).toBe(true);
    expect((await pull(repo)).status).toBe(200);
  });
});

describe('reject', () => {
  it('refuses for good: the client hears who and why, by commit and by branch, and upstream is not asked', async () => {
    const repo = model('acme/rejected');
    addHeld(hub, repo.id);
    await pull(repo);
    const commit = await house.review.reject(repo, MAIN, { by: 'bob', reason: 'we use another model' });
    const before = hub.stats.requests;
    for (const revision of ['main', commit]) {
      const answer = await pull(repo, revision);
      expect(answer.status).toBe(403);
      expect(answer.text).toMatch(/was rejected by bob on 2026-03-01: we use another model\./);
    }
    expect(hub.stats.requests).toBe(before);
  });

  it('of what is approved is a conflict: that is revoked', async () => {
    const repo = model('acme/keep');
    addTiny(hub, repo.id);
    await pull(repo);
    expect(await conflictOf(house.review.reject(repo, MAIN, ann))).toContain('airlock revoke');
    expect((await pull(repo)).status).toBe(200);
  });

  it('counts for a commit that nobody asked for yet', async () => {
    const repo = model('acme/beforehand');
    addTiny(hub, repo.id);
    await house.review.reject(repo, at(head(repo)), { by: 'bob', reason: 'bad news' });
    expect(await pull(repo)).toMatchObject({ status: 403, text: expect.stringContaining('bad news') });
    expect(await pull(repo, head(repo))).toMatchObject({ status: 403, text: expect.stringContaining('bad news') });
  });

  it('of a branch that nobody asked for needs the commit', async () => {
    await expect(house.review.reject(model('acme/never'), MAIN, ann)).rejects.toMatchObject({
      code: 'bad-revision',
      message: expect.stringContaining('Name the commit'),
    });
  });

  it('is lifted by an approval', async () => {
    const repo = model('acme/second-thoughts');
    addHeld(hub, repo.id);
    await pull(repo);
    await house.review.reject(repo, MAIN, ann);
    const bob = { by: 'bob', reason: 'looked again' };
    expect(await conflictOf(house.review.approve(repo, MAIN, bob, false))).toMatch(
      /was rejected by ann.*--even-denied/,
    );
    const { outcome } = await house.review.approve(repo, MAIN, bob, true);
    expect(await outcome).toMatchObject({ type: 'approved' });
    expect((await pull(repo)).status).toBe(200);
  });

  it('wins over an intake that was running', async () => {
    const repo = model('acme/racing');
    // Weights of its own: bytes that the store has already are not asked for again.
    hub.repo(repo.id).commit({ ...tinyFiles(), 'model.safetensors': safetensors(Buffer.from('of this race')) });
    hub.faults.add({
      fault: 'latency',
      ms: 1500,
      repo: repo.id,
      class: 'resolve',
      path: 'model.safetensors',
      times: 1,
    });
    const asked = pull(repo);
    const running = () => house.intakes.running().some((row) => row.repo.id === repo.id && row.stage === 'fetching');
    await until('the weights are on their way', running);
    await house.review.reject(repo, at(head(repo)), { by: 'bob', reason: 'stop this' });
    expect(await asked).toMatchObject({ status: 403, text: expect.stringContaining('rejected by bob') });
    expect(await pull(repo)).toMatchObject({ status: 403, text: expect.stringContaining('stop this') });
    const state = (await house.journal.state(repo)).commits.get(head(repo));
    expect(state).toMatchObject({ status: 'rejected' });
    expect(state).not.toHaveProperty('statement');
  });
});

describe('revoke', () => {
  it('withdraws a release, and an approval brings it back', async () => {
    const repo = model('acme/revoked');
    addTiny(hub, repo.id);
    await pull(repo);
    const commit = await house.review.revoke(repo, MAIN, { by: 'bob', reason: 'its key was lost' });
    expect(await house.catalog.find(repo, MAIN)).toMatchObject({ type: 'revoked', commit, byRef: true });
    expect(house.announced).toContainEqual(
      expect.objectContaining({ type: 'revoked', repo, commit, by: 'bob', reason: 'its key was lost' }),
    );
    expect(await pull(repo)).toMatchObject({ status: 404, text: expect.stringContaining('its key was lost') });
    expect(await pull(repo, commit)).toMatchObject({ status: 403, text: expect.stringContaining('revoked by bob') });
    expect(await conflictOf(house.review.approve(repo, MAIN, ann, false))).toContain('its key was lost');
    const { outcome } = await house.review.approve(repo, MAIN, ann, true);
    expect(await outcome).toEqual({ type: 'approved', commit });
    expect(await pull(repo)).toMatchObject({ status: 200, commit });
  });

  it.each(['upstream', 'old'])('under the %s name of a renamed repo holds under both', async (which) => {
    const old = model(`acme/${which}-before`);
    const renamed = model(`acme/${which}-after`);
    addTiny(hub, old.id);
    hub.rename(old.id, renamed.id);
    expect([(await pull(old)).status, (await pull(renamed)).status]).toEqual([200, 200]);
    const commit = await house.review.revoke(which === 'old' ? old : renamed, MAIN, ann);
    for (const name of [old, renamed]) {
      expect((await pull(name)).status, name.id).toBe(404);
      expect((await pull(name, commit)).status, name.id).toBe(403);
    }
    const { outcome } = await house.review.approve(which === 'old' ? old : renamed, at(commit), ann, true);
    expect(await outcome).toMatchObject({ type: 'approved' });
    expect((await pull(which === 'old' ? old : renamed)).status).toBe(200);
  });

  it('that broke off between the two names of a repo can be said again, and closes both', async () => {
    const old = model('acme/broken-before');
    const renamed = model('acme/broken-after');
    addTiny(hub, old.id);
    hub.rename(old.id, renamed.id);
    for (const name of [old, renamed]) expect((await pull(name)).status).toBe(200);
    const away = new AirlockError('store-unavailable', 'the store is away');
    const append: Journal['append'] = (repo, event, ...rest) =>
      repo.id === lost.id ? Promise.reject(away) : house.journal.append(repo, event, ...rest);
    let lost = renamed;
    const cut = createReview({ ...house, journal: { ...house.journal, append }, announce: () => {} });
    for (const name of [renamed, old]) {
      lost = name;
      await expect(cut.revoke(old, MAIN, ann)).rejects.toBe(away);
    }
    await house.review.revoke(old, MAIN, ann);
    for (const name of [old, renamed]) expect((await pull(name)).status, name.id).toBe(404);
  });

  it('is not stepped around by another name that nobody has asked for yet', async () => {
    const renamed = model('acme/alias-after');
    addTiny(hub, 'acme/alias-before');
    hub.rename('acme/alias-before', renamed.id);
    await pull(renamed);
    const commit = await house.review.revoke(renamed, MAIN, ann);
    for (const revision of ['main', commit]) {
      const answer = await pull(model('acme/alias-before'), revision);
      expect([403, 404]).toContain(answer.status);
      expect(answer.text).toContain('revoked by ann');
    }
  });

  it('of what is not approved is a conflict', async () => {
    const held = model('acme/held-revoke');
    addHeld(hub, held.id);
    await pull(held);
    expect(await conflictOf(house.review.revoke(held, MAIN, ann))).toContain('nothing to revoke');
    expect(await conflictOf(house.review.revoke(held, at('0'.repeat(40)), ann))).toContain('nothing to revoke');
  });

  it('of a release, twice, is a conflict the second time', async () => {
    const repo = model('acme/twice');
    addTiny(hub, repo.id);
    await pull(repo);
    await house.review.revoke(repo, MAIN, ann);
    expect(await conflictOf(house.review.revoke(repo, MAIN, ann))).toContain('nothing to revoke');
  });
});

describe('pin', () => {
  it('points a branch to another approved commit, and to no other', async () => {
    const repo = model('acme/pinned');
    const { tags } = addTiny(hub, repo.id);
    const old = parseCommitSha(tags.get('v1.0') ?? '');
    await pull(repo);
    const main = parseRef('main');
    expect(await conflictOf(house.review.pin(repo, main, old, ann))).toContain('is not approved');
    await pull(repo, old);
    await house.review.pin(repo, main, old, ann);
    expect(await pull(repo)).toMatchObject({ status: 200, commit: old });
    expect((await house.journal.state(repo)).pins.get(main)).toMatchObject({ ...ann, kind: 'branch', commit: old });
    // Again is no error, and no entry.
    const { seq } = await house.journal.state(repo);
    await house.review.pin(repo, main, old, ann);
    expect((await house.journal.state(repo)).seq).toBe(seq);
    await house.review.revoke(repo, at(head(repo)), ann);
    expect(await conflictOf(house.review.pin(repo, main, head(repo), ann))).toContain('is not approved');
  });

  it.each([
    ['refs/pr/7', 'pull'],
    ['refs/convert/onnx', 'convert'],
    ['stable', 'branch'],
  ])('a new ref %s is a %s', async (name, kind) => {
    const repo = model('acme/pin-kinds');
    if (!hub.repos.has('models/acme/pin-kinds')) addTiny(hub, repo.id);
    await pull(repo);
    await house.review.pin(repo, parseRef(name), head(repo), ann);
    expect((await house.journal.state(repo)).pins.get(parseRef(name))).toMatchObject({ kind });
    expect((await pull(repo, encodeURIComponent(name))).status).toBe(200);
  });
});

it('every act is in the journal with who and why, and nothing else of the request', async () => {
  const repo = model('acme/acts');
  addLicensed(hub, undefined, repo.id);
  await pull(repo);
  const request = { ...ann, repo: 'other/name', seq: 7, kind: 'datasets', event: 'x' };
  const { commit, outcome } = await house.review.approve(repo, MAIN, request, false);
  expect(await outcome).toEqual({ type: 'approved', commit });
  await house.review.revoke(repo, MAIN, request);
  expect((await house.journal.state(repo)).commits.get(commit)).toMatchObject({ ...ann, status: 'revoked' });
});
