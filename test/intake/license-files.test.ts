// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { card, tinyFiles } from '#test/fake-hub/repos.ts';
import { licenseText } from '#test/support/license-texts.ts';
import { approved, expectWhole, refused, rulesOf, useHouse } from './use-house.ts';

// What LICENSE files say is known before a byte of weights is pulled.
const rig = useHouse();
const ID = 'acme/licensed';
const gemma = 'Gemma Terms of Use\n\nBy using Gemma you agree to these terms.\n';

it('a LICENSE that disagrees with the card holds the commit before its weights are pulled', async () => {
  rig.hub.repo(ID).commit({ ...tinyFiles(), LICENSE: gemma });
  const house = await rig.open({ config: { sources: [{ match: '*', mode: 'auto', exclude: ['LICENSE'] }] } });
  const outcome = await house.ask(ID);
  expect(rulesOf(outcome)).toEqual(['license-disagrees']);
  expect(refused(outcome).reasons[0]).toMatchObject({ path: 'LICENSE', effect: 'hold' });
  expect((await house.quarantined()).length, 'the card and the LICENSE').toBe(2);
});

it('a LICENSE that agrees is served with the rest, and is part of what is signed', async () => {
  rig.hub.repo(ID).commit({ ...tinyFiles(), LICENSE: licenseText('Apache-2.0') });
  const house = await rig.open();
  approved(await house.ask(ID));
  await expectWhole(rig, house, ID);
});

it('a card without a license says what was found, and a found one may count', async () => {
  rig.hub.repo(ID).commit({ ...tinyFiles(), 'README.md': card(), LICENSE: licenseText('MIT') });
  const house = await rig.open();
  const held = refused(await house.ask(ID));
  expect(held.reasons.map(({ rule }) => rule)).toEqual(['license-missing']);
  expect(held.reasons[0]?.message).toContain('"LICENSE" holds the text of "MIT"');
  const other = await rig.open({ config: { policy: { licenses: { foundCounts: true } } } });
  approved(await other.ask(ID));
});
