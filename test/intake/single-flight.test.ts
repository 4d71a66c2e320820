// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { addBig, addLicensed, addTiny } from '#test/fake-hub/repos.ts';
import { until } from '#test/support/until.ts';
import { repo, revisionOf } from './house.ts';
import { approved, expectWhole, failure, pinOf, refused, useHouse } from './use-house.ts';

const rig = useHouse();
const MIB = 2 ** 20;
const ACT = { by: 'alice', reason: 'looked at it' };

it('twenty who ask at once for a branch, a tag and a commit cost one listing and one copy', async () => {
  const big = addBig(rig.hub, 4);
  const head = big.head().id;
  big.tags.set('v1', head);
  const house = await rig.open();
  const revisions = Array.from({ length: 20 }, (_, i) => ['main', 'v1', head][i % 3] ?? 'main');
  const outcomes = await Promise.all(revisions.map((revision) => house.ask('acme/big-4', revision)));
  expect(outcomes.map(approved)).toEqual(Array.from({ length: 20 }, () => head));
  expect(rig.hub.stats.count('tree')).toBe(1);
  const total = [...big.head().files.values()].reduce((sum, file) => sum + file.content.size, 0);
  expect(rig.hub.stats.sent('acme/big-4')).toBe(total);
  // One run, a pin for each ref, and none for the commit.
  const state = await house.journal.state(repo('acme/big-4'));
  expect([...state.pins.keys()].map(String).sort()).toEqual(['main', 'v1']);
  expect(state.seq).toBe(3);
  await expectWhole(rig, house, 'acme/big-4');
});

it('who comes while it runs joins it, and sees how far it is', async () => {
  addBig(rig.hub, 8);
  rig.hub.faults.add({ fault: 'bandwidth', class: 'cdn', bytesPerSecond: 8 * MIB });
  const house = await rig.open();
  const first = house.intakes.request(repo('acme/big-8'), revisionOf('main'));
  await until('bytes arrive', () => first.progress().bytesDone > MIB);
  const second = house.intakes.request(repo('acme/big-8'), revisionOf(rig.hub.repo('acme/big-8').head().id));
  await until('the second one sees the same', () => second.progress().bytesDone > MIB);
  expect(house.intakes.running()).toHaveLength(1);
  expect(house.intakes.running()[0]).toMatchObject({ stage: 'fetching', ref: 'main' });
  expect((await house.index.intakes.recent(5)).map(({ state }) => state)).toEqual(['running']);
  approved(await first.outcome);
  approved(await second.outcome);
  const { bytesDone, bytesTotal, filesDone, filesTotal } = first.progress();
  expect([bytesDone, filesDone]).toEqual([bytesTotal, filesTotal]);
  expect(house.intakes.running()).toEqual([]);
  expect(rig.hub.stats.count('cdn')).toBe(1);
});

it('a failure is nobody’s for ever: the next request tries again', async () => {
  addTiny(rig.hub);
  const house = await rig.open();
  await rig.hub.goAway();
  expect(failure(await house.ask('acme/tiny')).code).toBe('upstream-unavailable');
  await rig.hub.comeBack();
  // Upstream is looked for again after some seconds.
  house.ahead++;
  approved(await house.ask('acme/tiny'));
  expect(await house.index.decisions.list({ limit: 9 })).toEqual([]);
});

it('an approval counts although a run without it is on its way', async () => {
  addLicensed(rig.hub, undefined, 'acme/none');
  const house = await rig.open();
  expect(refused(await house.ask('acme/none')).outcome).toBe('held');
  rig.hub.faults.add({ fault: 'latency', class: 'tree', ms: 700, times: 1 });
  // Somebody's request, which began before the approval and judges the commit without it.
  const before = house.intakes.request(repo('acme/none'), revisionOf('main'), { afresh: true });
  await until('it is listing', () => house.intakes.running().some(({ stage }) => stage === 'listing'));
  const head = rig.hub.repo('acme/none').head().id;
  const act = await house.review.approve(repo('acme/none'), revisionOf(head), ACT, false);
  approved(await act.outcome);
  expect(refused(await before.outcome).outcome).toBe('held');
  await expectWhole(rig, house, 'acme/none', head);
  expect(await pinOf(house, 'acme/none')).toBeUndefined();
});
