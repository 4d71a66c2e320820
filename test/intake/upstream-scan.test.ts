// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { addTiny } from '#test/fake-hub/repos.ts';
import { approved, refused, rulesOf, useHouse } from './use-house.ts';

const rig = useHouse();

it('a file that upstream calls unsafe denies the commit before anything is pulled', async () => {
  const repo = addTiny(rig.hub);
  repo.issues.set('model.safetensors', 'unsafe');
  const house = await rig.open();
  const outcome = await house.ask('acme/tiny');
  expect(rulesOf(outcome)).toEqual(['upstream-unsafe']);
  expect(refused(outcome).reasons[0]?.message).toBe('upstream calls "model.safetensors" "unsafe"');
  expect(await house.quarantined()).toEqual([]);
});

it('issues that make no sense are nothing, and safe is no praise', async () => {
  const repo = addTiny(rig.hub);
  repo.issues.set('model.safetensors', 'safe');
  repo.issues.set('config.json', 'a level\nof two lines');
  const house = await rig.open();
  approved(await house.ask('acme/tiny'));
});
