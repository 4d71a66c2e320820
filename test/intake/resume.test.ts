// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { addBig, addTiny } from '#test/fake-hub/repos.ts';
import { until } from '#test/support/until.ts';
import { repo, revisionOf } from './house.ts';
import { approved, expectWhole, failure, pinOf, useHouse } from './use-house.ts';

const rig = useHouse();
const MIB = 2 ** 20;
const PATIENT = { config: { upstream: { requestTimeoutSeconds: 60, stallSeconds: 60, tries: 5 } } };

it('a stop in mid-download keeps the bytes and the row, and the next start goes on from there', async () => {
  const big = addBig(rig.hub, 4);
  rig.hub.faults.add({ fault: 'stall', class: 'cdn', at: 3 * MIB });
  const house = await rig.open(PATIENT);
  const ticket = house.intakes.request(repo('acme/big-4'), revisionOf('main'));
  await until('3 MiB have arrived', () => ticket.progress().bytesDone > 3 * MIB);
  const began = performance.now();
  await house.intakes.stop();
  expect(performance.now() - began).toBeLessThan(5000);
  expect(failure(await ticket.outcome).code).toBe('shutting-down');
  expect((await house.index.intakes.running()).map(({ repo }) => repo)).toEqual(['acme/big-4']);
  const left = (await house.quarantined()).find(({ path }) =>
    path.includes(big.file('model.safetensors').content.sha256),
  );
  expect(left?.size).toBe(3 * MIB);

  rig.hub.faults.clear();
  rig.hub.stats.reset();
  const next = await rig.reopen();
  expect(await next.intakes.resume()).toBe(1);
  await until('the intake is done', async () => (await next.index.intakes.recent(1))[0]?.state === 'done');
  expect(await next.intakes.resume()).toBe(0);
  expect(rig.hub.stats.sent('acme/big-4/model.safetensors')).toBe(MIB);
  approved(await next.ask('acme/big-4'));
  await expectWhole(rig, next, 'acme/big-4');
  expect(await pinOf(next, 'acme/big-4')).toBe(big.head().id);
  expect(await next.quarantined()).toEqual([]);
});

it('a row that a dead process left is taken up, by ref or by commit', async () => {
  const tiny = addTiny(rig.hub);
  const house = await rig.open();
  const at = new Date().toISOString();
  const counters = { bytesDone: 0, bytesTotal: 0, filesDone: 0, filesTotal: 0 };
  const dead = {
    kind: 'models',
    repo: 'acme/tiny',
    stage: 'fetching',
    state: 'running',
    startedAt: at,
    updatedAt: at,
  } as const;
  for (const [id, ref, branch] of [
    ['one', 'main', 'main'],
    ['two', null, 'old'],
  ] as const) {
    const commit = tiny.head(branch).id as never;
    const row = { ...dead, ...counters, id, ref: ref as never, commit, errorCode: null, errorMessage: null };
    expect(await house.index.intakes.begin(row)).toBe(true);
  }
  expect(await house.intakes.resume()).toBe(2);
  await until('both are done', async () => {
    const rows = await house.index.intakes.recent(10);
    return rows.filter(({ state }) => state === 'done').length === 2;
  });
  const rows = await house.index.intakes.recent(10);
  expect(
    rows
      .filter(({ errorCode }) => errorCode === 'shutting-down')
      .map(({ id }) => id)
      .sort(),
  ).toEqual(['one', 'two']);
  await expectWhole(rig, house, 'acme/tiny', tiny.head().id);
  await expectWhole(rig, house, 'acme/tiny', tiny.head('old').id);
});

it.each(['info', 'tree', 'refs', 'resolve'] as const)(
  'a stop does not wait for a hub that is silent about %s',
  async (kind) => {
    addTiny(rig.hub);
    rig.hub.faults.add({ fault: 'latency', class: kind, ms: 50_000 });
    const house = await rig.open(PATIENT);
    const asked = house.ask('acme/tiny', 'v1.0');
    await until('upstream is asked', () => rig.hub.stats.count(kind) > 0);
    const began = performance.now();
    await house.intakes.stop();
    expect(performance.now() - began).toBeLessThan(5000);
    expect(failure(await asked).code).toBe('shutting-down');
  },
);

it('a stop does not wait for the pause that a hub asked for', async () => {
  addTiny(rig.hub);
  rig.hub.faults.add({ fault: 'status', status: 429, retryAfter: 60 });
  const house = await rig.open(PATIENT);
  const asked = house.ask('acme/tiny');
  await until('upstream is asked', () => rig.hub.stats.requests > 0);
  await house.intakes.stop();
  expect(failure(await asked).code).toBe('shutting-down');
});

it('what waits for its turn at a stop asks upstream nothing more, and is taken up at the next start', async () => {
  addBig(rig.hub, 1);
  addTiny(rig.hub);
  rig.hub.faults.add({ fault: 'stall', class: 'cdn', at: 1000 });
  const house = await rig.open({ config: { ...PATIENT.config, intake: { minFreeBytes: 0, concurrent: 1 } } });
  const first = house.intakes.request(repo('acme/big-1'), revisionOf('main'));
  await until('the first one runs', () => first.progress().stage === 'fetching');
  const second = house.intakes.request(repo('acme/tiny'), revisionOf('main'));
  const waits = () => second.progress().filesTotal > 0 && second.progress().stage === 'queued';
  await until('the second one is through the gates', waits);
  await house.intakes.stop();
  expect(failure(await second.outcome).code).toBe('shutting-down');
  // The listing, and the card by way of one redirect.
  expect(rig.hub.stats.log.filter((row) => row.repo === 'acme/tiny').map((row) => row.class)).toEqual([
    'info',
    'tree',
    'resolve',
    'resolve-cache',
  ]);
  rig.hub.faults.clear();
  const next = await rig.reopen();
  expect(await next.intakes.resume()).toBe(2);
  approved(await next.ask('acme/tiny'));
  approved(await next.ask('acme/big-1'));
});

it('a request after the stop is turned away, and touches neither upstream nor the index', async () => {
  addTiny(rig.hub);
  const house = await rig.open();
  await house.stop();
  expect(failure(await house.ask('acme/tiny')).code).toBe('shutting-down');
  expect(rig.hub.stats.requests).toBe(0);
});
