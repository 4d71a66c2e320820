// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { addBig } from '#test/fake-hub/repos.ts';
import { until } from '#test/support/until.ts';
import { repo, revisionOf } from './house.ts';
import { useHouse } from './use-house.ts';

// A person says no while an intake runs: nothing is served, and no more work goes into it than the stage that it is in.
const rig = useHouse();
const MIB = 2 ** 20;
const ACT = { by: 'alice', reason: 'not this one' };
const PATIENT = { upstream: { requestTimeoutSeconds: 60, stallSeconds: 60, tries: 5 } };
const CLOSED = { type: 'closed', closing: { status: 'rejected', ...ACT } };

it('what is rejected while it is pulled is not scanned, and its bytes go', async () => {
  const big = addBig(rig.hub, 4);
  rig.hub.faults.add({ fault: 'bandwidth', class: 'cdn', bytesPerSecond: 4 * MIB });
  const house = await rig.open({ config: PATIENT });
  const ticket = house.intakes.request(repo('acme/big-4'), revisionOf('main'));
  await until('bytes arrive', () => ticket.progress().bytesDone > MIB / 2);
  await house.review.reject(repo('acme/big-4'), revisionOf(big.head().id), ACT);
  expect(ticket.progress().stage).toBe('fetching');
  expect(await ticket.outcome).toMatchObject({ ...CLOSED, commit: big.head().id });
  expect(ticket.progress().stage).toBe('fetching');
  expect([await house.quarantined(), await house.stored()]).toEqual([[], []]);
});

it('what is rejected while it waits for its turn is not pulled', async () => {
  addBig(rig.hub, 4);
  const next = addBig(rig.hub, 2);
  rig.hub.faults.add({ fault: 'bandwidth', class: 'cdn', bytesPerSecond: 4 * MIB });
  const house = await rig.open({ config: { ...PATIENT, intake: { concurrent: 1, minFreeBytes: '1 MiB' } } });
  const first = house.intakes.request(repo('acme/big-4'), revisionOf('main'));
  await until('bytes arrive', () => first.progress().bytesDone > MIB / 2);
  const second = house.intakes.request(repo('acme/big-2'), revisionOf('main'));
  await until('it waits', () => second.progress().filesTotal > 0 && second.progress().stage === 'queued');
  await house.review.reject(repo('acme/big-2'), revisionOf(next.head().id), ACT);
  expect(await second.outcome).toMatchObject(CLOSED);
  expect(rig.hub.stats.sent('acme/big-2/model.safetensors')).toBe(0);
  expect((await first.outcome).type).toBe('approved');
});
