// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { addTiny } from '#test/fake-hub/repos.ts';
import { repo, revisionOf } from './house.ts';
import { approved, refused, releaseOf, useHouse } from './use-house.ts';

const rig = useHouse();
const AGE_HOURS = 24 * 3650;

/** Older than the policy asks for in so many hours. */
function hoursUntilOldEnough(): number {
  const { date } = rig.hub.repo('acme/tiny').head();
  return AGE_HOURS - (Date.now() - Date.parse(date)) / 3_600_000;
}

it('what waited for time alone is asked for again once, when its time has come, and is served then', async () => {
  addTiny(rig.hub);
  const house = await rig.open({ config: { policy: { publisher: { minCommitAgeHours: AGE_HOURS } } } });
  const { outcome, reasons } = refused(await house.ask('acme/tiny'));
  expect([outcome, reasons.map(({ rule }) => rule)]).toEqual(['held', ['commit-too-young']]);
  expect(rig.hub.stats.count('cdn')).toBe(0);

  rig.hub.stats.reset();
  expect(await house.recheckWaiting()).toBe(0);
  expect((await house.intakes.decided(repo('acme/tiny'), revisionOf('main')))?.type).toBe('refused');
  expect(rig.hub.stats.requests).toBe(0);

  house.ahead = (hoursUntilOldEnough() + 1) * 60;
  expect(await house.intakes.decided(repo('acme/tiny'), revisionOf('main'))).toBeUndefined();
  expect(await house.recheckWaiting()).toBe(1);
  expect((await releaseOf(house, 'acme/tiny', rig.hub.repo('acme/tiny').head().id)).files.size).toBeGreaterThan(0);
  expect(await house.recheckWaiting()).toBe(0);
});

it('where upstream is away then, it waits its turn again', async () => {
  addTiny(rig.hub);
  const house = await rig.open({ config: { policy: { publisher: { minCommitAgeHours: AGE_HOURS } } } });
  refused(await house.ask('acme/tiny'));
  house.ahead = (hoursUntilOldEnough() + 1) * 60;
  rig.hub.faults.add({ fault: 'status', status: 404, class: 'info', times: 1 });
  expect(await house.recheckWaiting()).toBe(1);
  expect(await house.recheckWaiting()).toBe(0);
  house.ahead += 16;
  approved(await house.ask('acme/tiny'));
});
