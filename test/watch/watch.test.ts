// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { parseCommitSha } from '#src/domain/revision.ts';
import { addTiny, tinyFiles } from '#test/fake-hub/repos.ts';
import type { House } from '#test/intake/house.ts';
import { repo } from '#test/intake/house.ts';
import { approved, pinOf, releaseOf, useHouse } from '#test/intake/use-house.ts';

const rig = useHouse();
const REWRITTEN = { ...tinyFiles(), 'config.json': '{"rewritten": true}' };

/** Everything that people were told, after all that is due was looked at. */
async function alerts(house: House): Promise<string[]> {
  house.ahead += 70;
  await house.watch.round();
  const told = house.announced.flatMap((one) => (one.type === 'upstream-alert' ? [one] : []));
  const rows = await house.index.alerts.list({ open: true, limit: 100 });
  expect(rows.map(({ id, type }) => [id, type]).reverse()).toEqual(told.map(({ alert, kind }) => [alert, kind]));
  return told.map(({ kind }) => kind);
}

async function withTiny(revision = 'main') {
  const tiny = addTiny(rig.hub);
  const house = await rig.open();
  const commit = approved(await house.ask('acme/tiny', revision));
  expect(await alerts(house)).toEqual([]);
  return { tiny, house, commit };
}

it('a branch that went on is no alert; one that was rewritten is one, told once, and its approved commit stays', async () => {
  const { tiny, house, commit } = await withTiny();
  rig.hub.commitPageSize = 2;
  for (let i = 0; i < 5; i++) tiny.move('main', { 'config.json': `{"step": ${i}}` });
  expect(await alerts(house)).toEqual([]);
  tiny.forcePush(REWRITTEN);
  expect(await alerts(house)).toEqual(['force-push']);
  tiny.move('main', { 'config.json': '{"and": "on"}' });
  expect(await alerts(house)).toEqual(['force-push']);
  const [alert] = await house.index.alerts.list({ open: true, limit: 10 });
  expect(alert).toMatchObject({ repo: 'acme/tiny', ref: 'main', commit });
  expect(alert?.message).toContain('main of acme/tiny was rewritten upstream');
  tiny.deleteCommit(commit);
  expect(await alerts(house)).toEqual(['force-push', 'commit-vanished']);
  expect((await releaseOf(house, 'acme/tiny')).commit).toBe(commit);
});

it('a branch that is rewritten and followed is an alert before its pin moves', async () => {
  const tiny = addTiny(rig.hub);
  const house = await rig.open({ config: { refs: { follow: 'auto', recheckMinutes: 10 } } });
  approved(await house.ask('acme/tiny'));
  const head = tiny.forcePush(REWRITTEN);
  house.ahead = 11;
  expect(await house.recheck()).toBe(1);
  expect(await pinOf(house, 'acme/tiny')).toBe(head);
  expect((await house.index.alerts.list({ open: true, limit: 10 })).map(({ type }) => type)).toEqual(['force-push']);
});

it('a tag that moved is an alert, for each place that it moves to', async () => {
  const { tiny, house, commit } = await withTiny('v1.0');
  tiny.tags.set('v1.0', tiny.head().id);
  expect(await alerts(house)).toEqual(['tag-moved']);
  expect(await alerts(house)).toEqual(['tag-moved']);
  tiny.tags.set('v1.0', tiny.move('main', { 'config.json': '{}' }));
  expect(await alerts(house)).toEqual(['tag-moved', 'tag-moved']);
  tiny.tags.delete('v1.0');
  expect(await alerts(house)).toEqual(['tag-moved', 'tag-moved', 'ref-vanished']);
  expect((await releaseOf(house, 'acme/tiny', 'v1.0')).commit).toBe(commit);
});

it('a repo that was renamed, gated, made private or deleted is an alert each', async () => {
  const token = 'hf_TheServicesOwn';
  rig.hub.accounts.add(token);
  const tiny = addTiny(rig.hub);
  tiny.grants.add(token);
  const house = await rig.open({ token });
  const commit = approved(await house.ask('acme/tiny'));
  expect(await alerts(house)).toEqual([]);
  tiny.gated = 'manual';
  expect(await alerts(house)).toEqual(['repo-gated']);
  tiny.private = true;
  expect(await alerts(house)).toEqual(['repo-gated', 'repo-private']);
  rig.hub.rename('acme/tiny', 'newco/tiny').grants.add(token);
  expect(await alerts(house)).toEqual(['repo-gated', 'repo-private', 'repo-renamed']);
  rig.hub.renames.clear();
  expect(await alerts(house)).toEqual(['repo-gated', 'repo-private', 'repo-renamed', 'repo-vanished']);
  expect(await alerts(house)).toHaveLength(4);
  expect((await releaseOf(house, 'acme/tiny')).commit).toBe(commit);
});

it('a hub that shows nothing to strangers has said nothing about a repo', async () => {
  const { house } = await withTiny();
  rig.hub.delete('acme/tiny');
  expect(await alerts(house)).toEqual([]);
});

it('what can not be told is no alert: upstream away, refusing, ill, or with too long a history', async () => {
  const { tiny, house } = await withTiny();
  tiny.forcePush(REWRITTEN);
  for (const status of [401, 403, 429, 500, 503]) {
    rig.hub.faults.add({ fault: 'status', status, retryAfter: 0 });
    expect(await alerts(house), String(status)).toEqual([]);
    rig.hub.faults.clear();
  }
  rig.hub.faults.add({ fault: 'status', status: 500, class: 'commits' });
  expect(await alerts(house)).toEqual([]);
  rig.hub.faults.clear();
  await rig.hub.goAway();
  expect(await alerts(house)).toEqual([]);
  await rig.hub.comeBack();
  rig.hub.commitPageSize = 1;
  for (let i = 0; i < 25; i++) tiny.move('main', { 'config.json': `{"step": ${i}}` });
  expect(await alerts(house)).toEqual([]);
  rig.hub.commitPageSize = 50;
  expect(await alerts(house)).toEqual(['force-push']);
});

it('a pin that a person set to a commit of another branch is no rewritten branch', async () => {
  const tiny = addTiny(rig.hub);
  const house = await rig.open();
  approved(await house.ask('acme/tiny'));
  tiny.branches.set('side', tiny.forcePush(REWRITTEN, 'side'));
  const side = approved(await house.ask('acme/tiny', 'side'));
  await house.review.pin(repo('acme/tiny'), 'main' as never, parseCommitSha(side), { by: 'ann', reason: 'try it' });
  expect(await alerts(house)).toEqual([]);
});

describe('a round', () => {
  it('asks about a few refs, the longest unasked first, and about none again before its time', async () => {
    const house = await rig.open();
    const tiny = addTiny(rig.hub);
    approved(await house.ask('acme/tiny'));
    const checkedAt = new Date().toISOString();
    const commit = parseCommitSha(tiny.head().id);
    for (let i = 0; i < 24; i++) {
      const ref = `b${i}` as never;
      await house.index.refs.put({ kind: 'models', repo: 'acme/tiny', ref, refKind: 'branch', commit, checkedAt });
      await house.journal.append(
        repo('acme/tiny'),
        { type: 'pin', ref, refKind: 'branch', commit },
        { by: 'policy', reason: 'first' },
        () => true,
      );
      tiny.branches.set(`b${i}`, commit);
    }
    rig.hub.stats.reset();
    const rounds = [];
    for (let i = 0; i < 4; i++) rounds.push(await house.watch.round());
    expect(rounds).toEqual([10, 10, 5, 0]);
    expect(rig.hub.stats.count('info')).toBe(25);
    // An hour, less or more by a tenth: some are due, and not all at once.
    house.ahead += 60;
    const due = await house.index.watches.due(new Date(Date.now() + 60 * 60_000).toISOString(), 100);
    expect(due.length).toBeGreaterThan(0);
    expect(due.length).toBeLessThan(25);
    // Another process goes on where this one was.
    expect(await (await rig.open()).watch.round()).toBe(0);
  });
});
