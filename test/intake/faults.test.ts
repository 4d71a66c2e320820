// SPDX-License-Identifier: Apache-2.0
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CommitSha } from '#src/domain/revision.ts';
import { generatedContent } from '#test/fake-hub/content.ts';
import type { Fault } from '#test/fake-hub/faults.ts';
import { addBig, addTiny, card, tinyFiles } from '#test/fake-hub/repos.ts';
import { generatedSafetensors } from '#test/fake-hub/weights.ts';
import { repo } from './house.ts';
import { approved, expectWhole, failure, useHouse } from './use-house.ts';

// After each test `useHouse` hashes every blob in the store: whatever the fault, no other bytes get there.
const rig = useHouse();
const MIB = 2 ** 20;

describe('wrong bytes', () => {
  it('once are fetched again, and nobody notices', async () => {
    addTiny(rig.hub);
    for (const path of ['README.md', 'config.json', 'model.safetensors'])
      rig.hub.faults.add({ fault: 'wrong-byte', path, at: 3, times: 1 });
    const house = await rig.open();
    approved(await house.ask('acme/tiny'));
    await expectWhole(rig, house, 'acme/tiny');
  });

  it.each(['README.md', 'config.json', 'model.safetensors'])(
    'always, in %s, fail the intake as a security error; nothing of them stays',
    async (path) => {
      const tiny = addTiny(rig.hub);
      rig.hub.faults.add({ fault: 'wrong-byte', path, at: 3 });
      const house = await rig.open();
      const error = failure(await house.ask('acme/tiny'));
      expect(error.code).toBe('digest-mismatch');
      const { content, lfs } = tiny.file(path);
      expect(error.subject).toMatchObject({ path, expected: lfs ? content.sha256 : content.gitOid });
      // Once before it is fetched again, once when it fails.
      expect(house.log.filter(({ details }) => 'security' in details && details.security)).toHaveLength(2);
      expect(await house.stored()).toEqual([]);
      const promised = lfs ? `sha256-${content.sha256}` : `git-${content.gitOid}`;
      expect((await house.quarantined()).filter((part) => part.path.includes(promised))).toEqual([]);
      rig.hub.faults.clear();
      approved(await house.ask('acme/tiny'));
      await expectWhole(rig, house, 'acme/tiny');
    },
  );

  it('that lie in the blob store are found, reported, and replaced by the right ones', async () => {
    addTiny(rig.hub);
    addTiny(rig.hub, 'acme/fork');
    const house = await rig.open();
    approved(await house.ask('acme/tiny'));
    const { sha256 } = rig.hub.repo('acme/tiny').file('model.safetensors').content;
    const blob = join(rig.data, 'store', 'blobs', 'sha256', sha256.slice(0, 2), sha256);
    const right = await readFile(blob);
    await chmod(blob, 0o600);
    await writeFile(blob, Buffer.from(right).fill(0xee, 400, 401));
    approved(await house.ask('acme/fork'));
    expect((await readFile(blob)).equals(right)).toBe(true);
    const reported = house.log.flatMap(({ details }) => ('from' in details ? [details.from] : []));
    expect(reported).toEqual([['store']]);
  });

  it('that lie in quarantine cost no blob, and are no reason to distrust the store', async () => {
    const tiny = addTiny(rig.hub);
    const fork = addTiny(rig.hub, 'acme/fork');
    const house = await rig.open();
    approved(await house.ask('acme/tiny'));
    const { sha256 } = tiny.file('model.safetensors').content;
    const blob = join(rig.data, 'store', 'blobs', 'sha256', sha256.slice(0, 2), sha256);
    const { ino } = await stat(blob);
    const folder = await house.quarantine.open(repo('acme/fork'), fork.head().id as CommitSha);
    await writeFile(join(folder.path, `sha256-${sha256}.part`), 'not how the weights begin');
    rig.hub.stats.reset();
    approved(await house.ask('acme/fork'));
    const reported = house.log.flatMap(({ details }) => ('from' in details ? [details.from] : []));
    expect(reported).toEqual([['quarantine', 'store']]);
    // The second round asks upstream and nobody else.
    expect(rig.hub.stats.sent('acme/fork/model.safetensors')).toBe(tiny.file('model.safetensors').content.size);
    expect((await stat(blob)).ino).toBe(ino);
  });
});

describe('a poor line', () => {
  it('costs no byte twice: cuts, stalls and errors on the way to many files', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 12 }, (_, i) => [`w${i}.safetensors`, generatedSafetensors(`poor ${i}`, MIB + i)]),
    );
    rig.hub.repo('acme/poor').commit({ 'README.md': card('mit'), ...files });
    for (let i = 0; i < 12; i++) {
      const target = { class: 'cdn', path: `w${i}.safetensors`, times: 1 } as const;
      if (i % 3 === 0) rig.hub.faults.add({ ...target, fault: 'cut', at: 300_000 + i });
      if (i % 3 === 1) rig.hub.faults.add({ ...target, fault: 'truncate', at: 500_000 + i });
      if (i % 3 === 2) rig.hub.faults.add({ ...target, fault: 'status', status: 503 });
    }
    const house = await rig.open();
    approved(await house.ask('acme/poor'));
    await expectWhole(rig, house, 'acme/poor');
    for (let i = 0; i < 12; i++) expect(rig.hub.stats.sent(`acme/poor/w${i}.safetensors`)).toBe(MIB + i);
  });

  it('that stays cut fails the intake; its bytes wait for the next request', async () => {
    addBig(rig.hub, 2);
    rig.hub.faults.add({ fault: 'cut', class: 'cdn', at: MIB });
    const house = await rig.open();
    expect(failure(await house.ask('acme/big-2')).code).toBe('upstream-unavailable');
    rig.hub.faults.clear();
    rig.hub.stats.reset();
    approved(await house.ask('acme/big-2'));
    expect(rig.hub.stats.sent('acme/big-2/model.safetensors')).toBe(MIB);
    expect(rig.hub.stats.sent('acme/big-2/config.json')).toBe(0);
  });

  it('that is gone while approved copies are there changes nothing about them', async () => {
    addTiny(rig.hub);
    const house = await rig.open();
    approved(await house.ask('acme/tiny'));
    await rig.hub.goAway();
    expect(failure(await house.ask('acme/tiny')).code).toBe('upstream-unavailable');
    await expectWhole(rig, house, 'acme/tiny');
    await rig.hub.comeBack();
  });

  it('that changes a file under the same commit is caught by its digest', async () => {
    const big = addBig(rig.hub, 1);
    const house = await rig.open();
    const listed = big.file('model.safetensors');
    const wrong = generatedContent('another file', listed.content.size);
    Object.assign(listed, { content: { ...wrong, sha256: listed.content.sha256 } });
    expect(failure(await house.ask('acme/big-1')).code).toBe('digest-mismatch');
    expect(await house.stored()).toEqual([]);
  });
});

it('whatever the faults, a release is whole or there is none, and the store holds verified bytes alone', async () => {
  const size = 200_000;
  const fault = fc.record({
    fault: fc.constantFrom('cut', 'truncate', 'wrong-byte', 'status'),
    class: fc.constantFrom('cdn', 'resolve-cache', 'resolve', 'tree', 'info'),
    at: fc.nat(size - 1),
    status: fc.constantFrom(403, 404, 416, 429, 500, 503),
    times: fc.constantFrom(1, 2, 5, 1000),
  });
  let whole = 0;
  let none = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fault, { maxLength: 4 }), async (faults) => {
      const id = `acme/case-${whole + none}`;
      const weights = { 'model.safetensors': generatedSafetensors(id, size) };
      rig.hub.repo(id).commit({ ...tinyFiles(), ...weights });
      for (const made of faults) rig.hub.faults.add({ ...made, repo: id } as Fault);
      const house = await rig.open({ config: { upstream: { requestTimeoutSeconds: 2, stallSeconds: 1, tries: 2 } } });
      const outcome = await house.ask(id);
      if (outcome.type === 'approved') {
        whole++;
        await expectWhole(rig, house, id);
      } else {
        none++;
        expect(outcome.type).toBe('failed');
        expect(await house.stored()).toEqual([]);
      }
      rig.hub.faults.clear();
      // "Not found" is believed for half a minute.
      house.ahead = 1;
      approved(await house.ask(id));
      await expectWhole(rig, house, id);
    }),
    { numRuns: 20, seed: 7, endOnFailure: true },
  );
  expect(Math.min(whole, none), 'both kinds were seen').toBeGreaterThan(2);
});
