// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { ADMINISTRATOR } from '#src/access/actor.ts';
import { requesterOf } from '#src/access/requester.ts';

it.each<[string | undefined, string]>([
  ['10.0.0.7', '10.0.0.7'],
  ['::ffff:10.0.0.7', '10.0.0.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:0001:2::9', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  [undefined, 'unknown'],
  ['no address', 'unknown'],
])('a stranger from %s is counted as %s', (address, name) => {
  expect(requesterOf(undefined, address)).toEqual({ who: `address:${name}`, name, known: false });
});

it('who has a token is counted by the token, whatever the address', () => {
  const actor = { ...ADMINISTRATOR, id: 't1', owner: 'ann' };
  expect(requesterOf(actor, '10.0.0.7')).toEqual({ who: 'token:t1', name: 'ann', known: true });
});
