// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { bytesContent } from '#test/fake-hub/content.ts';
import { card } from '#test/fake-hub/repos.ts';
import { COMMIT, sendJson, useOddServer } from '#test/upstream/client.ts';
import { approved, failure, refused, useHouse } from './use-house.ts';

const rig = useHouse();
const hub = useOddServer();
const README = bytesContent(card('mit'));
const ENTRY = { type: 'file', path: 'README.md', oid: README.gitOid, size: README.size };
const bytes = () => Buffer.concat([...README.read(0, README.size)]);

/** A hub of one repo with one file, which lists whatever the test says. */
function lists(entries: unknown, body: () => Buffer = bytes): void {
  hub.handle = (req, res) => {
    if (req.url?.includes('/revision/')) return sendJson(res, { id: 'acme/odd', sha: COMMIT });
    if (req.url?.includes('/tree/')) return sendJson(res, entries);
    res.writeHead(200).end(body());
  };
}

it.each([
  ['a path out of its folder', [ENTRY, { ...ENTRY, path: '../escape' }], 'can not be served'],
  ['a path twice', [ENTRY, ENTRY], 'twice'],
  ['no digest', [{ ...ENTRY, oid: 'none' }], 'digest'],
  // Both paths share one download: the size of one of them would be signed and nobody would have counted it.
  ['one content with two sizes', [ENTRY, { ...ENTRY, path: 'b.txt', size: 5 }], 'two sizes'],
])('a listing with %s denies the commit, says why, and is not asked for again', async (_name, entries, why) => {
  const house = await rig.open({ hub: hub.url });
  lists(entries);
  const decision = refused(await house.ask('acme/odd'));
  expect([decision.outcome, decision.reasons[0]?.rule]).toEqual(['denied', 'listing-invalid']);
  expect(decision.reasons[0]?.message).toContain(why);
  lists([ENTRY]);
  refused(await house.ask('acme/odd'));
  expect(hub.seen.filter((req) => req.url?.includes('/tree/'))).toHaveLength(1);
});

it.each([
  ['a text', 'log in first'],
  ['a list of something else', [1, 2]],
  ['an error object', { error: 'try later' }],
])('%s in place of a listing fails the intake, and the next request finds the real one', async (_name, answer) => {
  const house = await rig.open({ hub: hub.url });
  lists(answer);
  expect(failure(await house.ask('acme/odd')).code).toBe('upstream-invalid');
  lists([ENTRY]);
  approved(await house.ask('acme/odd'));
});

it('more bytes than are listed fail at the first one too many', async () => {
  const house = await rig.open({ hub: hub.url });
  lists([ENTRY], () => Buffer.concat([bytes(), Buffer.alloc(4 * 2 ** 20)]));
  const error = failure(await house.ask('acme/odd'));
  expect([error.code, error.message]).toEqual(['upstream-invalid', expect.stringContaining('more than')]);
  for (const { size } of await house.quarantined()) expect(size).toBe(0);
  lists([ENTRY]);
  approved(await house.ask('acme/odd'));
});
