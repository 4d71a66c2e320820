// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createLedger } from '#src/intake/ledger.ts';
import { errorOf } from '#test/upstream/client.ts';

const of = (bytes: number) => new Map([['content', bytes]]);

it('two at once can not both have the last room, and the second has it when the first is done', async () => {
  const ledger = createLedger(() => sleep(5, 1000));
  const [first, second] = await Promise.allSettled([ledger.reserve(of(600), 100), ledger.reserve(of(600), 100)]);
  expect([first.status, second.status].sort()).toEqual(['fulfilled', 'rejected']);
  const taken = first.status === 'fulfilled' ? first.value : undefined;
  expect((await errorOf(ledger.reserve(of(301), 100))).subject).toEqual({
    free: 1000,
    promised: 600,
    needed: 301,
    keepFree: 100,
  });
  (await ledger.reserve(of(300), 100)).release();
  taken?.release();
  taken?.release();
  await ledger.reserve(of(900), 100);
});

it('what was written is no longer promised, because the disk counts it itself', async () => {
  let free = 1000;
  const ledger = createLedger(async () => free);
  const both = new Map([
    ['a', 400],
    ['b', 400],
  ]);
  const room = await ledger.reserve(both, 0);
  expect((await errorOf(ledger.reserve(of(201), 0))).code).toBe('store-full');
  room.missing('a', 0);
  free -= 400;
  expect((await errorOf(ledger.reserve(of(201), 0))).code).toBe('store-full');
  (await ledger.reserve(of(200), 0)).release();
  // A file that is started again gives its bytes back to the disk and needs them anew.
  room.missing('a', 400);
  free += 400;
  expect((await errorOf(ledger.reserve(of(201), 0))).code).toBe('store-full');
  room.release();
  room.missing('b', 100);
  await ledger.reserve(of(1000), 0);
});

it('who needs nothing is not refused, however full the disk is', async () => {
  const ledger = createLedger(async () => 0);
  await ledger.reserve(new Map(), 1000);
  await ledger.reserve(of(0), 1000);
});
