// SPDX-License-Identifier: Apache-2.0
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { parseRules, type Rules, readRules } from '#scanners/rules.ts';
import { CORE_VERSION } from '#scanners/version.ts';
import { orderOf } from '#src/intake/rescan-report.ts';
import { SealedFacts } from '#src/scan/sealed-facts.ts';
import { addHeld, addTiny } from '#test/fake-hub/repos.ts';
import { until } from '#test/support/until.ts';
import { FACTS_KEY, type House, repo, revisionOf } from './house.ts';
import { approved, releaseOf, useHouse } from './use-house.ts';

// New scanner rules judge what was released before: what no longer passes is served no more, and a reviewer finds why.
const rig = useHouse();
const ID = 'acme/tiny';
const ACT = { by: 'alice', reason: 'looked at it' };

type Change = 'program' | 'unread';

/** The rule set in which safetensors are taken for programs (block), or for something unread (review). */
function rulesWith(change: Change): Rules {
  const data = readRules();
  const formats = data.formats as Record<string, object>;
  return parseRules({ ...data, formats: { ...formats, safetensors: { as: change } } });
}

async function reload(house: House, rules?: () => Rules) {
  if (rules) house.scannerRules = rules;
  house.rescan.reload();
  await house.rescan.idle();
  const report = house.rescan.report();
  expect(report?.finishedAt).toBeDefined();
  return report;
}

const stored = (path: string) => join(rig.data, 'store', 'blobs', path);

const found = async (house: House, revision = 'main') =>
  (await house.catalog.find(repo(ID), revisionOf(revision))).type;

it('a release that new rules no longer pass is quarantined, from its facts alone', async () => {
  addTiny(rig.hub);
  const house = await rig.open();
  const commit = approved(await house.ask(ID));
  const before = house.scannerRules();
  for (const blob of await house.stored()) await rm(stored(blob.path));
  const report = await reload(house, () => rulesWith('program'));
  expect(report).toMatchObject({ releases: 1, bytesRead: 0, quarantined: [`models/${ID}@${commit}`], failed: [] });
  expect(house.announced).toMatchObject([{ type: 'quarantined', repo: { id: ID }, commit }]);
  expect(report?.rulesVersion).not.toBe(before.version);
  expect([await found(house), await found(house, commit)]).toEqual(['quarantined', 'quarantined']);
  const state = (await house.journal.state(repo(ID))).commits.get(commit as never);
  expect(state).toMatchObject({ status: 'quarantined', by: 'policy', reason: expect.stringContaining('executable') });
  const row = await house.index.decisions.get(repo(ID), commit as never);
  expect(JSON.parse(row?.body ?? '')).toMatchObject({
    decision: {
      outcome: 'denied',
      reasons: [{ rule: 'verdict-block', path: 'model.safetensors', findings: ['executable'] }],
    },
    files: [{ path: 'model.safetensors', findings: [{ rule: 'executable' }] }],
  });
});

it('the same rules once more change nothing', async () => {
  addTiny(rig.hub);
  const house = await rig.open();
  approved(await house.ask(ID));
  const { digest } = await releaseOf(house, ID);
  expect(await reload(house)).toMatchObject({ releases: 1, quarantined: [], released: [], bytesRead: 0 });
  expect((await releaseOf(house, ID)).digest).toBe(digest);
});

it('what passes again is released again, under the same pin, and says which rules it passed', async () => {
  addTiny(rig.hub);
  const house = await rig.open();
  const commit = approved(await house.ask(ID));
  const rules = house.scannerRules;
  const first = await releaseOf(house, ID);
  await reload(house, () => rulesWith('unread'));
  expect(await found(house)).toBe('quarantined');
  expect(await reload(house, rules)).toMatchObject({ released: [`models/${ID}@${commit}`], quarantined: [] });
  const second = await releaseOf(house, ID);
  expect([...second.files]).toEqual([...first.files]);
  expect(second.digest).not.toBe(first.digest);
  expect(await house.index.decisions.get(repo(ID), commit as never)).toBeUndefined();
});

it('bytes are read again where the facts are gone, checked, and no copy stays', async () => {
  addTiny(rig.hub);
  const house = await rig.open();
  const commit = approved(await house.ask(ID));
  const release = await releaseOf(house, ID);
  await house.stop();
  await rm(`${rig.data}/index.sqlite`);
  const later = await rig.reopen();
  const bytes = [...new Map([...release.files.values()].map(({ sha256, size }) => [sha256, size])).values()];
  const report = await reload(later, () => rulesWith('program'));
  expect(report).toMatchObject({ releases: 1, quarantined: [`models/${ID}@${commit}`] });
  expect(report?.bytesRead).toBe(bytes.reduce((sum, size) => sum + size, 0));
  expect(await later.quarantined()).toEqual([]);
});

it('bytes are read again only where the extractor that read them has changed', async () => {
  addTiny(rig.hub);
  const house = await rig.open();
  approved(await house.ask(ID));
  const { files } = await releaseOf(house, ID);
  const weights = files.get('model.safetensors' as never);
  const facts = new SealedFacts(house.index.facts, FACTS_KEY);
  const known = (await facts.get(weights?.sha256 as never, CORE_VERSION)) ?? '';
  const older = { ...JSON.parse(known), extractors: { safetensors: 0 } };
  await facts.put(weights?.sha256 as never, CORE_VERSION, JSON.stringify(older));
  const size = weights?.size ?? 0;
  expect(await reload(house)).toMatchObject({ releases: 1, bytesRead: size, quarantined: [], failed: [] });
  // And remembered: the next pass reads nothing.
  expect(await reload(house)).toMatchObject({ bytesRead: 0 });
});

it('a release whose bytes are damaged stays as it was, and the report says so', async () => {
  addTiny(rig.hub);
  const house = await rig.open();
  const commit = approved(await house.ask(ID));
  await house.stop();
  await rm(`${rig.data}/index.sqlite`);
  const later = await rig.reopen();
  const { files } = await releaseOf(later, ID);
  const weights = files.get('model.safetensors' as never);
  const blob = (await later.stored()).find(({ path }) => path.endsWith(weights?.sha256 ?? 'none'));
  const path = stored(blob?.path ?? '');
  const right = await readFile(path);
  await writeFile(path, Buffer.alloc(right.length));
  const report = await reload(later, () => rulesWith('program'));
  expect(report).toMatchObject({
    quarantined: [],
    failed: [{ release: `models/${ID}@${commit}`, error: expect.stringContaining('is damaged') }],
  });
  expect(later.log).toContainEqual({
    text: 'a release could not be judged again',
    details: expect.objectContaining({ security: true }),
  });
  await writeFile(path, right);
  // Nobody asks: it is tried again until it can be judged.
  await until('it is judged', async () => (await found(later)) === 'quarantined');
});

it('a reviewer accepts what stands against a quarantined release, and it is served again without upstream', async () => {
  addTiny(rig.hub);
  const house = await rig.open();
  const commit = approved(await house.ask(ID));
  await reload(house, () => rulesWith('unread'));
  rig.hub.faults.add({ fault: 'status', status: 503, repo: ID });
  const { outcome } = await house.review.approve(repo(ID), revisionOf(commit), ACT, false);
  expect(await outcome).toEqual({ type: 'approved', commit });
  expect(await releaseOf(house, ID)).toMatchObject({ approvedBy: 'alice' });
  // And it stays so under the same rules.
  expect(await reload(house)).toMatchObject({ quarantined: [], released: [] });
});

it('nobody can accept what the scanner blocks', async () => {
  addTiny(rig.hub);
  const house = await rig.open();
  const commit = approved(await house.ask(ID));
  await reload(house, () => rulesWith('program'));
  const approve = house.review.approve(repo(ID), revisionOf(commit), ACT, true);
  await expect(approve).rejects.toThrow('Nobody can accept that');
  expect(await found(house)).toBe('quarantined');
});

it('what a person accepted stays accepted, and what is new does not', async () => {
  addHeld(rig.hub);
  const house = await rig.open();
  const head = rig.hub.repo('acme/held').head().id;
  expect((await house.ask('acme/held')).type).toBe('refused');
  const { outcome } = await house.review.approve(repo('acme/held'), revisionOf(head), ACT, false);
  expect((await outcome).type).toBe('approved');
  expect(await reload(house)).toMatchObject({ releases: 1, quarantined: [] });
  // Another finding on the same file: nobody has seen that.
  const more = () => {
    const data = readRules();
    const formats = data.formats as Record<string, object>;
    return parseRules({ ...data, formats: { ...formats, 'torch-zip': { as: 'unread' }, pickle: { as: 'unread' } } });
  };
  expect(await reload(house, more)).toMatchObject({ quarantined: [`models/acme/held@${head}`] });
});

it('nobody can be asked about malware where no scanner of it is configured', async () => {
  const house = await rig.open();
  expect(() => house.rescan.reload('changed')).toThrow('scan.clamav');
  expect(house.rescan.report()).toBeUndefined();
});

it('rules that are not as they must be change nothing', async () => {
  addTiny(rig.hub);
  const house = await rig.open();
  approved(await house.ask(ID));
  house.scannerRules = () => parseRules({});
  expect(() => house.rescan.reload()).toThrow('The scanner rules can not be used');
  await house.rescan.idle();
  expect(await found(house)).toBe('release');
});

it('rules that change while a pass runs get a pass of their own', async () => {
  addTiny(rig.hub);
  const house = await rig.open();
  approved(await house.ask(ID));
  house.rescan.reload();
  house.scannerRules = () => rulesWith('program');
  const { rulesVersion, finishedAt } = house.rescan.reload();
  expect([rulesVersion, finishedAt]).toEqual([house.scannerRules().version, undefined]);
  await house.rescan.idle();
  expect(house.rescan.report()).toMatchObject({ rulesVersion, releases: 1 });
  expect(await found(house)).toBe('quarantined');
});

it('rules that change while an intake scans judge that intake too', async () => {
  addTiny(rig.hub);
  const house = await rig.open();
  const ticket = house.intakes.request(repo(ID), revisionOf('main'));
  await until('it scans', () => ticket.progress().stage === 'scanning');
  house.scannerRules = () => rulesWith('program');
  house.rescan.reload();
  expect((await ticket.outcome).type).toBe('refused');
  expect(await found(house)).not.toBe('release');
});

it('what a person revoked is left alone', async () => {
  addTiny(rig.hub);
  const house = await rig.open();
  const commit = approved(await house.ask(ID));
  await house.review.revoke(repo(ID), revisionOf(commit), ACT);
  expect(await reload(house, () => rulesWith('program'))).toMatchObject({ releases: 0, quarantined: [] });
  expect(await found(house)).toBe('revoked');
});

it('a quarantined release can be revoked', async () => {
  addTiny(rig.hub);
  const house = await rig.open();
  const commit = approved(await house.ask(ID));
  const rules = house.scannerRules;
  await reload(house, () => rulesWith('unread'));
  await house.review.revoke(repo(ID), revisionOf(commit), ACT);
  await reload(house, rules);
  expect(await found(house)).toBe('revoked');
});

it('a start under other rules begins a pass, and a start under the same ones does not', async () => {
  addTiny(rig.hub);
  const house = await rig.open();
  approved(await house.ask(ID));
  await reload(house);
  await house.stop();
  const same = await rig.reopen();
  await same.rescan.startIfDue();
  expect(same.rescan.report()).toBeUndefined();
  await same.rescan.startIfDue(true);
  expect(same.rescan.report()).toBeDefined();
  await same.rescan.idle();
  await same.stop();
  const other = await rig.reopen();
  other.scannerRules = () => rulesWith('program');
  // As main does it: the rules of a new version are there from the start.
  other.rescan.reload();
  await other.rescan.stop();
  const third = await rig.reopen();
  third.scannerRules = () => rulesWith('program');
  await third.rescan.startIfDue();
  await third.rescan.idle();
  expect(third.rescan.report()).toBeDefined();
});

it('a replica with other rules releases nothing by itself, and two of them do not undo each other for ever', async () => {
  addTiny(rig.hub);
  const house = await rig.open();
  const commit = approved(await house.ask(ID));
  const other = await rig.reopen({ index: join(rig.data, 'other.sqlite') });
  await reload(house, () => rulesWith('unread'));
  await other.rescan.startIfDue();
  await other.rescan.idle();
  expect(other.rescan.report()).toMatchObject({ state: 'finished', releases: 1, released: [] });
  await until('the other one sees it', async () => (await found(other)) === 'quarantined');
  expect((await other.ask(ID, commit)).type).toBe('closed');
  expect((await other.ask(ID, 'main', { afresh: true })).type).toBe('closed');
  other.ahead = 60;
  await other.recheck();
  expect(await found(other)).toBe('quarantined');
  // Somebody said so: that is another matter, and happens once.
  expect(await reload(other)).toMatchObject({ released: [`models/${ID}@${commit}`] });
  for (const each of [house, other]) await each.rescan.startIfDue();
  await house.rescan.idle();
  // What the other one wrote is seen when the journal is asked again.
  await until('the house serves it again', async () => (await found(house)) === 'release');
});

it('a pass that could not judge all comes back for that alone', async () => {
  addTiny(rig.hub);
  const house = await rig.open();
  const commit = approved(await house.ask(ID));
  const name = `models/${ID}@${commit}`;
  await reload(house, () => rulesWith('unread'));
  await house.stop();
  await rm(`${rig.data}/index.sqlite`);
  const later = await rig.reopen();
  const [blob] = await later.stored();
  const bytes = await readFile(stored(blob?.path ?? ''));
  await writeFile(stored(blob?.path ?? ''), Buffer.alloc(bytes.length));
  const { id } = later.rescan.reload();
  await until('it failed', () => later.rescan.report(id)?.failed.length === 1);
  expect(orderOf((await later.index.rescans.last())?.report ?? '')).toMatchObject({ id, mayRelease: [name] });
  await writeFile(stored(blob?.path ?? ''), bytes);
  await until('it is released', async () => (await found(later)) === 'release');
});

it('a pass that a stop cut off goes on in the next process, under its own name', async () => {
  addTiny(rig.hub);
  const house = await rig.open();
  approved(await house.ask(ID));
  const rules = house.scannerRules;
  await reload(house, () => rulesWith('unread'));
  house.scannerRules = rules;
  const { id } = house.rescan.reload();
  await house.rescan.stop();
  expect(house.rescan.report(id)?.state).toBe('broken');
  const later = await rig.reopen();
  await later.rescan.startIfDue();
  await later.rescan.idle();
  expect(later.rescan.report(id)).toMatchObject({ id, state: 'finished', releases: 1 });
  expect(await found(later)).toBe('release');
});

it('a pass that breaks off says so, and another one follows', async () => {
  addTiny(rig.hub);
  const house = await rig.open();
  approved(await house.ask(ID));
  await house.index.close();
  const { id } = house.rescan.reload();
  await house.rescan.idle();
  expect(house.rescan.report(id)).toMatchObject({ state: 'broken', error: expect.any(String), releases: 0 });
  const begun = house.rescan.report(id)?.startedAt;
  await until('another', () => house.rescan.report(id)?.startedAt !== begun);
});

it('passes have names of their own: what is asked for while one runs waits, once', async () => {
  addTiny(rig.hub);
  const house = await rig.open();
  approved(await house.ask(ID));
  const first = house.rescan.reload();
  const second = house.rescan.reload();
  const third = house.rescan.reload();
  expect([first.state, second.state, third.id]).toEqual(['running', 'waiting', second.id]);
  expect(first.id).not.toBe(second.id);
  expect(house.rescan.report()?.id).toBe(first.id);
  await house.rescan.idle();
  for (const { id } of [first, second]) expect(house.rescan.report(id)?.state).toBe('finished');
  expect(house.rescan.report()?.id).toBe(second.id);
  expect(house.rescan.report('no such id')).toBeUndefined();
});

it('what a person revokes while a pass runs stays revoked, and nobody is told of a quarantine', async () => {
  addTiny(rig.hub);
  const house = await rig.open();
  const commit = approved(await house.ask(ID));
  house.scannerRules = () => rulesWith('program');
  house.rescan.reload();
  await house.review.revoke(repo(ID), revisionOf(commit), ACT);
  await house.rescan.idle();
  expect(await found(house)).toBe('revoked');
});

it('copies that a killed process left are gone with the next start', async () => {
  addTiny(rig.hub);
  const house = await rig.open();
  const left = house.quarantine.copyOf('0'.repeat(64) as never);
  await mkdir(dirname(left), { recursive: true });
  await writeFile(left, 'a large one');
  await house.intakes.resume();
  expect(await house.quarantined()).toEqual([]);
});

it('stored bytes are not read again where they would fill the disk', async () => {
  addTiny(rig.hub);
  const house = await rig.open();
  const commit = approved(await house.ask(ID));
  await house.stop();
  await rm(`${rig.data}/index.sqlite`);
  const later = await rig.reopen({ config: { intake: { minFreeBytes: '100000 GiB' } } });
  const { id } = later.rescan.reload();
  await later.rescan.idle();
  expect(later.rescan.report(id)).toMatchObject({
    state: 'finished',
    failed: [{ release: `models/${ID}@${commit}`, error: expect.stringContaining('too little free disk') }],
  });
  expect(await found(later)).toBe('release');
});

it('refusals are judged again under new rules', async () => {
  addHeld(rig.hub);
  const house = await rig.open();
  expect((await house.ask('acme/held')).type).toBe('refused');
  expect(await house.intakes.decided(repo('acme/held'), revisionOf('main'))).toBeDefined();
  await reload(house, () => rulesWith('program'));
  expect(await house.intakes.decided(repo('acme/held'), revisionOf('main'))).toBeUndefined();
});
