// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { addHeld, addHostile, addLicensed, addMixed, addTiny, card, tinyFiles } from '#test/fake-hub/repos.ts';
import { safetensors } from '#test/fake-hub/weights.ts';
import { repo, revisionOf } from './house.ts';
import { approved, expectWhole, failure, refused, releaseOf, rulesOf, useHouse } from './use-house.ts';

const rig = useHouse();
const ACT = { by: 'alice', reason: 'looked at it' };

describe('a first request', () => {
  it('brings in a whole commit, checked, and leaves nothing in quarantine', async () => {
    addTiny(rig.hub);
    const house = await rig.open();
    expect(approved(await house.ask('acme/tiny'))).toBe(rig.hub.repo('acme/tiny').head().id);
    await expectWhole(rig, house, 'acme/tiny');
    expect((await releaseOf(house, 'acme/tiny')).files.size).toBe(Object.keys(tinyFiles()).length);
    expect(await house.quarantined()).toEqual([]);
  });

  it('answered once costs upstream one look at the ref the next time, and no bytes', async () => {
    addTiny(rig.hub);
    const house = await rig.open();
    await house.ask('acme/tiny');
    rig.hub.stats.reset();
    approved(await house.ask('acme/tiny'));
    expect(rig.hub.stats.log.map((row) => row.class)).toEqual(['info']);
  });
});

describe('the licence gate', () => {
  it('denies before a byte of weights is pulled, and asks no upstream the next time', async () => {
    addLicensed(rig.hub, 'cc-by-nc-4.0', 'acme/nc');
    const house = await rig.open();
    expect(rulesOf(await house.ask('acme/nc'))).toEqual(['license-not-allowed']);
    expect(rig.hub.stats.count('cdn')).toBe(0);
    expect(await house.quarantined()).toEqual([]);
    expect(await house.stored()).toEqual([]);
    rig.hub.stats.reset();
    expect((await house.intakes.decided(repo('acme/nc'), revisionOf('main')))?.type).toBe('refused');
    expect(rig.hub.stats.requests).toBe(0);
  });

  it('holds where no licence is named, and goes on to the weights once a person accepted that', async () => {
    addLicensed(rig.hub, undefined, 'acme/none');
    const house = await rig.open();
    const first = refused(await house.ask('acme/none'));
    expect(first.outcome).toBe('held');
    expect(rig.hub.stats.count('cdn')).toBe(0);
    const act = await house.review.approve(repo('acme/none'), revisionOf('main'), ACT, false);
    approved(await act.outcome);
    expect((await releaseOf(house, 'acme/none')).approvedBy).toBe('alice');
    await expectWhole(rig, house, 'acme/none');
  });

  it('reads the card where the selection leaves it out, and does not serve or count it', async () => {
    addTiny(rig.hub);
    const source = { match: '*', mode: 'auto', exclude: ['README.md'] };
    const house = await rig.open({ config: { sources: [source] } });
    const ticket = house.intakes.request(repo('acme/tiny'), revisionOf('main'));
    approved(await ticket.outcome);
    const progress = ticket.progress();
    expect(progress.filesDone).toBe(progress.filesTotal);
    expect(progress.bytesDone).toBe(progress.bytesTotal);
    const paths = [...(await releaseOf(house, 'acme/tiny')).files.keys()].map(String);
    expect(paths).not.toContain('README.md');
    expect(paths).toContain('config.json');
    const readme = rig.hub.repo('acme/tiny').file('README.md').content.sha256;
    expect((await house.stored()).map(({ sha256 }) => sha256)).not.toContain(readme);
  });
});

describe('the limits', () => {
  const limits: [string, object, string][] = [
    ['so many files', { maxFiles: 3 }, 'listing-too-many-files'],
    ['so large a file', { maxFileBytes: 50 }, 'file-too-large'],
    ['so much in all', { maxSnapshotBytes: 500 }, 'listing-too-large'],
  ];
  it.each(limits)('deny %s before anything is pulled', async (_name, intake, rule) => {
    addTiny(rig.hub);
    const house = await rig.open({ config: { intake: { minFreeBytes: 0, ...intake } } });
    expect(rulesOf(await house.ask('acme/tiny'))).toContain(rule);
    expect(rig.hub.stats.sent('acme/tiny')).toBe(0);
  });

  it('hold for what is selected alone', async () => {
    const small = rig.hub.repo('acme/many-quants');
    const quants = Object.fromEntries([1, 2, 3].map((n) => [`q${n}.safetensors`, safetensors(Buffer.alloc(4096, n))]));
    small.commit({ 'README.md': card('mit'), ...quants });
    const house = await rig.open({
      config: {
        intake: { minFreeBytes: 0, maxSnapshotBytes: 6000 },
        sources: [{ match: '*', mode: 'auto', include: ['q2.*', 'README.md'] }],
      },
    });
    approved(await house.ask('acme/many-quants'));
    expect([...(await releaseOf(house, 'acme/many-quants')).files.keys()]).toEqual(['README.md', 'q2.safetensors']);
    expect(rig.hub.stats.log.filter((row) => row.class === 'cdn').map(({ path }) => path)).toEqual(['q2.safetensors']);
  });

  it('of the disk fail the intake, and deny nothing for ever', async () => {
    addTiny(rig.hub);
    const poor = await rig.open({ config: { intake: { minFreeBytes: '8000 TiB' } } });
    expect(failure(await poor.ask('acme/tiny')).code).toBe('store-full');
    expect(rig.hub.stats.sent('acme/tiny')).toBe(0);
    expect(await poor.index.decisions.list({ limit: 10 })).toEqual([]);
    await poor.intakes.stop();
    approved(await (await rig.reopen()).ask('acme/tiny'));
  });

  it('of the disk do not count twice what lies in quarantine already', async () => {
    const review = { sources: [{ match: '*', mode: 'review' }] };
    addTiny(rig.hub, 'acme/reviewed');
    const second = await rig.open({ config: review });
    expect(refused(await second.ask('acme/reviewed')).outcome).toBe('held');
    await second.intakes.stop();
    // Less is free than must stay free; but nothing more is needed.
    const third = await rig.reopen({ config: { ...review, intake: { minFreeBytes: '8000 TiB' } } });
    rig.hub.stats.reset();
    const act = await third.review.approve(repo('acme/reviewed'), revisionOf('main'), ACT, false);
    approved(await act.outcome);
    expect(rig.hub.stats.sent('acme/reviewed')).toBe(0);
  });
});

describe('a source', () => {
  it('that is reviewed is pulled, scanned and held, and approved from quarantine without pulling again', async () => {
    addTiny(rig.hub);
    const house = await rig.open({ config: { sources: [{ match: 'acme/*', mode: 'review' }] } });
    const decision = refused(await house.ask('acme/tiny'));
    expect([decision.outcome, rulesOf(await house.ask('acme/tiny'))]).toEqual(['held', ['source-review']]);
    const row = await house.index.decisions.get(repo('acme/tiny'), rig.hub.repo('acme/tiny').head().id as never);
    expect(row?.complete).toBe(true);
    expect((await house.quarantined()).length).toBeGreaterThan(5);
    expect(await house.stored()).toEqual([]);
    rig.hub.stats.reset();
    const act = await house.review.approve(repo('acme/tiny'), revisionOf('main'), ACT, false);
    approved(await act.outcome);
    expect(rig.hub.stats.count('resolve', 'cdn', 'resolve-cache')).toBe(0);
    expect(await house.quarantined()).toEqual([]);
    await expectWhole(rig, house, 'acme/tiny');
  });

  it('that is denied, or that nobody named, costs upstream not even a question', async () => {
    addTiny(rig.hub);
    const sources = [
      { match: 'acme/*', mode: 'deny', reason: 'not these' },
      { match: 'good/*', mode: 'auto' },
    ];
    const house = await rig.open({ config: { sources } });
    expect(rulesOf(await house.ask('acme/tiny'))).toEqual(['source-denied']);
    expect(rulesOf(await house.ask('other/tiny'))).toEqual(['source-unmatched']);
    expect(rig.hub.stats.requests).toBe(0);
  });

  it('that has to be approved first costs upstream not even a question, and a yes to a commit does not open it', async () => {
    const { id } = addTiny(rig.hub).head();
    const house = await rig.open({ config: { sources: [{ match: 'acme/*', mode: 'request' }] } });
    for (const revision of ['main', id]) {
      expect(rulesOf(await house.ask('acme/tiny', revision))).toEqual(['source-request']);
      const decided = await house.intakes.decided(repo('acme/tiny'), revisionOf(revision));
      expect(decided?.type === 'refused' && decided.decision.outcome).toBe('held');
      await expect(house.review.approve(repo('acme/tiny'), revisionOf(revision), ACT, true)).rejects.toThrow(
        /can not be approved: nothing of the source "acme\/\*" is brought in until/,
      );
    }
    expect(rig.hub.stats.requests).toBe(0);
  });

  it('that has to be approved first under the name that upstream gives it is asked for no file', async () => {
    addTiny(rig.hub, 'old/name');
    rig.hub.rename('old/name', 'new/name');
    const sources = [
      { match: 'old/*', mode: 'auto' },
      { match: 'new/*', mode: 'request' },
    ];
    const house = await rig.open({ config: { sources } });
    const outcome = await house.ask('old/name');
    expect(rulesOf(outcome)).toEqual(['source-request']);
    expect(outcome).not.toHaveProperty('commit');
    expect(rig.hub.stats.count('info')).toBe(rig.hub.stats.requests);
  });

  it('must let a renamed repo in under both names, and the stricter of the two rules holds', async () => {
    addTiny(rig.hub, 'old/name');
    rig.hub.rename('old/name', 'new/name');
    const rules = (mode: string) => ({
      sources: [
        { match: 'old/*', mode: 'auto' },
        { match: 'new/*', mode },
      ],
    });
    const denied = await rig.open({ config: rules('deny') });
    expect(rulesOf(await denied.ask('old/name'))).toEqual(['source-denied']);
    expect(rig.hub.stats.count('tree')).toBe(0);
    await denied.intakes.stop();

    const held = await rig.reopen({ config: rules('review') });
    expect(rulesOf(await held.ask('old/name'))).toEqual(['source-review']);
    rig.hub.stats.reset();
    // Remembered under the rule that it was judged by: it is not judged again.
    expect(rulesOf(await held.ask('old/name'))).toEqual(['source-review']);
    expect(rig.hub.stats.count('tree', 'cdn')).toBe(0);
    await held.intakes.stop();

    const open = await rig.reopen({ config: rules('auto') });
    approved(await open.ask('old/name'));
    expect((await releaseOf(open, 'old/name')).repo.id).toBe('old/name');
  });

  it('holds gated and private repos, and is asked for nothing while it does', async () => {
    const tiny = addTiny(rig.hub);
    tiny.gated = 'auto';
    const token = `hf_${'t'.repeat(34)}`;
    tiny.grants.add(token);
    rig.hub.accounts.add(token);
    const house = await rig.open({ token });
    expect(rulesOf(await house.ask('acme/tiny'))).toEqual(['source-restricted']);
    expect(rig.hub.stats.sent('acme/tiny')).toBeLessThan(200);
    expect(JSON.stringify(house.log)).not.toContain(token);
    await house.intakes.stop();
    const open = await rig.reopen({ token, config: { sources: [{ match: '*', mode: 'auto', gated: 'allow' }] } });
    approved(await open.ask('acme/tiny'));
    expect(JSON.stringify(open.log)).not.toContain(token);
  });
});

describe('verdicts', () => {
  it('deny a hostile pickle, and its bytes are gone from quarantine', async () => {
    addHostile(rig.hub);
    const house = await rig.open();
    expect(rulesOf(await house.ask('acme/hostile'))).toEqual(['verdict-block']);
    expect(await house.quarantined()).toEqual([]);
    expect(await house.stored()).toEqual([]);
    // Nobody can accept it, either.
    await expect(house.review.approve(repo('acme/hostile'), revisionOf('main'), ACT, true)).rejects.toThrow(/accept/);
  });

  it('withhold what a person would have to look at beside safetensors: it is not even stored', async () => {
    const mixed = addMixed(rig.hub);
    const house = await rig.open();
    approved(await house.ask('acme/mixed'));
    await expectWhole(rig, house, 'acme/mixed');
    expect([...(await releaseOf(house, 'acme/mixed')).files.keys()].map(String)).not.toContain('pytorch_model.bin');
    const withheld = mixed.file('pytorch_model.bin').content.sha256;
    expect((await house.stored()).map(({ sha256 }) => sha256)).not.toContain(withheld);
    expect(await house.quarantined()).toEqual([]);
  });

  it('hold what a person has to look at, and keep its bytes for the approval', async () => {
    addHeld(rig.hub);
    const house = await rig.open();
    expect(refused(await house.ask('acme/held')).outcome).toBe('held');
    const bytes = await house.quarantined();
    expect(bytes.length).toBeGreaterThan(5);
    rig.hub.stats.reset();
    approved(await (await house.review.approve(repo('acme/held'), revisionOf('main'), ACT, false)).outcome);
    expect(rig.hub.stats.sent('acme/held')).toBe(0);
    await expectWhole(rig, house, 'acme/held');
  });
});

describe('what was refused', () => {
  it('is judged again when the policy is another, from upstream anew', async () => {
    addLicensed(rig.hub, 'cc-by-nc-4.0', 'acme/nc');
    const strict = await rig.open();
    const before = refused(await strict.ask('acme/nc'));
    await strict.intakes.stop();
    const lax = await rig.reopen({ config: { policy: { licenses: { allow: ['CC-BY-NC-4.0'] } } } });
    expect(await lax.intakes.decided(repo('acme/nc'), revisionOf('main'))).toBeUndefined();
    approved(await lax.ask('acme/nc'));
    await expectWhole(rig, lax, 'acme/nc');
    expect(before.policyDigest).toMatch(/^[0-9a-f]{64}$/);
    expect(await lax.index.decisions.list({ limit: 10 })).toEqual([]);
  });

  it('by a person stays so whatever policy says', async () => {
    addTiny(rig.hub);
    const house = await rig.open();
    const commit = rig.hub.repo('acme/tiny').head().id;
    await house.review.reject(repo('acme/tiny'), revisionOf(commit), ACT);
    expect((await house.ask('acme/tiny')).type).toBe('closed');
    expect((await house.ask('acme/tiny', commit, { afresh: true })).type).toBe('closed');
    expect(rig.hub.stats.sent('acme/tiny')).toBe(0);
  });
});

describe('equal contents', () => {
  it('are pulled once, whatever the number of paths, and served under each', async () => {
    const weights = safetensors(Buffer.alloc(10_000, 3));
    const text = 'the same text\n';
    const repeated = { 'a.safetensors': weights, 'b/a.safetensors': weights, 'c.safetensors': weights };
    rig.hub.repo('acme/twins').commit({ 'README.md': card('mit'), ...repeated, 'a.txt': text, 'b/a.txt': text });
    const house = await rig.open();
    approved(await house.ask('acme/twins'));
    expect(rig.hub.stats.count('cdn')).toBe(1);
    expect(rig.hub.stats.count('resolve-cache')).toBe(2);
    expect((await releaseOf(house, 'acme/twins')).files.size).toBe(6);
    await expectWhole(rig, house, 'acme/twins');
  });

  it('that the store has from another release are not pulled again', async () => {
    addTiny(rig.hub);
    addTiny(rig.hub, 'acme/fork');
    const house = await rig.open();
    approved(await house.ask('acme/tiny'));
    rig.hub.stats.reset();
    approved(await house.ask('acme/fork'));
    expect(rig.hub.stats.count('cdn')).toBe(0);
    await expectWhole(rig, house, 'acme/fork');
  });
});
