// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { addTiny, card } from '#test/fake-hub/repos.ts';
import { safetensors } from '#test/fake-hub/weights.ts';
import { until } from '#test/support/until.ts';
import { repo, revisionOf } from './house.ts';
import { approved, expectWhole, pinOf, refused, releaseOf, rulesOf, useHouse } from './use-house.ts';

const rig = useHouse();
const AUTO = { config: { refs: { follow: 'auto', recheckMinutes: 10 } } };
const MANUAL = { config: { refs: { follow: 'manual', recheckMinutes: 10 } } };
const ACT = { by: 'alice', reason: 'roll back' };

describe('a ref', () => {
  it('is pinned as what it is: branch, tag, pull request; a short sha is answered and never pinned', async () => {
    const tiny = addTiny(rig.hub);
    const house = await rig.open();
    const first = tiny.head('old').id;
    for (const revision of ['main', 'old', 'v1.0', 'refs/pr/1', first.slice(0, 8), first])
      approved(await house.ask('acme/tiny', revision));
    const { pins } = await house.journal.state(repo('acme/tiny'));
    expect(Object.fromEntries([...pins].map(([ref, pin]) => [ref, pin.kind]))).toEqual({
      main: 'branch',
      old: 'branch',
      'v1.0': 'tag',
      'refs/pr/1': 'pull',
    });
    expect((await releaseOf(house, 'acme/tiny', first.slice(0, 8))).commit).toBe(first);
  });

  it('of a refused commit is not pinned', async () => {
    rig.hub.repo('acme/nc').commit({ 'README.md': card('cc-by-nc-4.0') });
    const house = await rig.open();
    refused(await house.ask('acme/nc'));
    expect(await pinOf(house, 'acme/nc')).toBeUndefined();
  });
});

describe('a branch that moved', () => {
  it('stays where it was approved, though the new head can be had by its sha', async () => {
    const tiny = addTiny(rig.hub);
    const house = await rig.open(MANUAL);
    const before = approved(await house.ask('acme/tiny'));
    const after = tiny.move('main', { 'config.json': '{"moved": true}\n' });
    house.ahead = 60;
    expect(await house.recheck()).toBe(0);
    expect(approved(await house.ask('acme/tiny', after))).toBe(after);
    expect(await pinOf(house, 'acme/tiny')).toBe(before);
    expect((await releaseOf(house, 'acme/tiny')).commit).toBe(before);
  });

  it('is followed where the configuration says so, once the new head is approved', async () => {
    const tiny = addTiny(rig.hub);
    const house = await rig.open(AUTO);
    const before = approved(await house.ask('acme/tiny'));
    const after = tiny.move('main', { 'config.json': '{"moved": true}\n' });
    expect(await house.recheck(), 'not due yet').toBe(0);
    house.ahead = 11;
    expect(await house.recheck()).toBe(1);
    expect(await pinOf(house, 'acme/tiny')).toBe(after);
    await expectWhole(rig, house, 'acme/tiny');
    expect((await releaseOf(house, 'acme/tiny', before)).commit).toBe(before);
  });

  it('is followed where its source says so, and others are not', async () => {
    const sources = [
      { match: 'acme/*', mode: 'auto', follow: 'auto' },
      { match: '*', mode: 'auto' },
    ];
    const [ours, theirs] = [addTiny(rig.hub), addTiny(rig.hub, 'other/tiny')];
    const house = await rig.open({ config: { ...MANUAL.config, sources } });
    approved(await house.ask('acme/tiny'));
    const before = approved(await house.ask('other/tiny'));
    const after = ours.move('main', { 'config.json': '{"moved": true}\n' });
    theirs.move('main', { 'config.json': '{"moved": true}\n' });
    house.ahead = 11;
    expect(await house.recheck()).toBe(1);
    expect(await pinOf(house, 'acme/tiny')).toBe(after);
    expect(await pinOf(house, 'other/tiny')).toBe(before);
  });

  it('to something that is refused keeps its pin, followed or not', async () => {
    const tiny = addTiny(rig.hub);
    const house = await rig.open(AUTO);
    const before = approved(await house.ask('acme/tiny'));
    tiny.move('main', { 'README.md': card('cc-by-nc-4.0') });
    house.ahead = 11;
    expect(await house.recheck()).toBe(1);
    expect(await pinOf(house, 'acme/tiny')).toBe(before);
  });

  it('to the hub being gone keeps its pin', async () => {
    addTiny(rig.hub);
    const house = await rig.open(AUTO);
    const before = approved(await house.ask('acme/tiny'));
    rig.hub.delete('acme/tiny');
    house.ahead = 11;
    expect(await house.recheck()).toBe(1);
    expect(await pinOf(house, 'acme/tiny')).toBe(before);
    expect((await releaseOf(house, 'acme/tiny')).commit).toBe(before);
  });

  it('is not followed past a person’s pin', async () => {
    const tiny = addTiny(rig.hub);
    const house = await rig.open(AUTO);
    const first = tiny.head('old').id;
    approved(await house.ask('acme/tiny'));
    approved(await house.ask('acme/tiny', first));
    await house.review.pin(repo('acme/tiny'), 'main' as never, first as never, ACT);
    tiny.move('main', { 'config.json': '{}' });
    house.ahead = 11;
    await house.recheck();
    expect(await pinOf(house, 'acme/tiny')).toBe(first);
  });
});

it('a large new head does not keep other branches from being looked at', async () => {
  const slow = addTiny(rig.hub, 'acme/slow');
  const other = addTiny(rig.hub, 'acme/other');
  const house = await rig.open(AUTO);
  approved(await house.ask('acme/slow'));
  approved(await house.ask('acme/other'));
  const heads = [slow, other].map((moved) => moved.move('main', { 'model.safetensors': safetensors(Buffer.alloc(9)) }));
  rig.hub.faults.add({ fault: 'bandwidth', class: 'resolve-cache', repo: 'acme/slow', bytesPerSecond: 20 });
  rig.hub.faults.add({ fault: 'bandwidth', class: 'cdn', repo: 'acme/slow', bytesPerSecond: 20 });
  house.ahead = 11;
  expect(await house.recheck(0.5)).toBe(2);
  expect(house.intakes.running().map(({ repo: { id } }) => id)).toContain('acme/slow');
  await until('the other one has moved', async () => (await pinOf(house, 'acme/other')) === heads[1]);
  expect(await pinOf(house, 'acme/slow')).not.toBe(heads[0]);
});

describe('a tag that moved', () => {
  it('is not followed: it was a promise', async () => {
    const tiny = addTiny(rig.hub);
    const house = await rig.open(AUTO);
    const before = approved(await house.ask('acme/tiny', 'v1.0'));
    tiny.tags.set('v1.0', tiny.head().id);
    house.ahead = 11;
    await house.recheck();
    expect(approved(await house.ask('acme/tiny', 'v1.0'))).not.toBe(before);
    expect(await pinOf(house, 'acme/tiny', 'v1.0')).toBe(before);
  });
});

describe('a branch whose head was denied', () => {
  it('is looked at again on schedule, each time it is due and not before', async () => {
    const nc = rig.hub.repo('acme/nc');
    nc.commit({ 'README.md': card('cc-by-nc-4.0'), 'config.json': '{}' });
    const house = await rig.open(MANUAL);
    expect(rulesOf(await house.ask('acme/nc'))).toEqual(['license-not-allowed']);
    const after = nc.move('main', { 'README.md': card('mit') });
    // Between two looks the refusal stands, and upstream is not asked.
    expect((await house.intakes.decided(repo('acme/nc'), revisionOf('main')))?.type).toBe('refused');
    expect(await house.recheck()).toBe(0);
    house.ahead = 11;
    expect(await house.recheck()).toBe(1);
    expect(await pinOf(house, 'acme/nc')).toBe(after);
    expect(await house.recheck()).toBe(0);
  });

  it('and did not move costs one question, and is not judged again', async () => {
    rig.hub.repo('acme/nc').commit({ 'README.md': card('cc-by-nc-4.0') });
    const house = await rig.open(MANUAL);
    refused(await house.ask('acme/nc'));
    rig.hub.stats.reset();
    house.ahead = 11;
    await house.recheck();
    expect(rig.hub.stats.log.map((row) => row.class)).toEqual(['info']);
  });
});
