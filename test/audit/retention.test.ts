// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type ChainWriter, createChainWriter } from '#src/audit/chain-writer.ts';
import { createLedger } from '#src/audit/ledger.ts';
import { prune } from '#src/audit/retention.ts';
import { verifyChains } from '#src/audit/verify.ts';
import { writerIdFile } from '#src/audit/writer-id.ts';
import { auditSources } from '#src/main/audit-sources.ts';
import { keys, signers } from '#test/attest/keys.ts';
import { useTemp } from '#test/support/temp.ts';
import { type Desk, listOf, openDesk } from './rooms.ts';

const temp = useTemp();
const desks: Desk[] = [];
afterAll(async () => {
  for (const desk of desks) await desk.close();
});

const DAY_SECONDS = 86_400;

/** A chain of `count` records, a day between two of them. */
async function days(count: number) {
  const data = await temp('data');
  const desk = await openDesk({ store: await temp('store'), data });
  desks.push(desk);
  const { store, index, clock } = desk;
  const id = writerIdFile(join(data, 'audit', 'acts.writer'));
  const deps = {
    records: store,
    heads: index.heads,
    auditEvents: index.auditEvents,
    signer: signers.evidence,
    keys,
    clock,
  };
  const nothing = () => undefined;
  const writer: ChainWriter = createChainWriter({ ...deps, kind: 'acts', id, onLate: nothing, onBroken: nothing });
  for (let i = 0; i < count; i++) {
    await writer.append({ type: 'stop', at: clock.now().toISOString() });
    clock.advance(DAY_SECONDS);
  }
  const seqs = async () => (await desk.records()).map(({ seq }) => seq);
  const problems = async () => {
    const all = await listOf(verifyChains({ records: store, heads: index.heads, sources: auditSources(keys) }));
    return all.flatMap((finding) => (finding.type === 'problem' ? [finding.problem] : []));
  };
  return { ...desk, deps, writer, seqs, problems, prune: (keep: number) => prune(deps, writer, keep) };
}

describe('records that were kept for long enough', () => {
  it('are removed from the beginning on, behind a signed checkpoint, and the rest still verifies', async () => {
    const one = await days(6);
    expect(await one.prune(2.5)).toBe(4);
    expect(await one.seqs()).toEqual([5, 6, 7]);
    expect((await one.records()).at(-1)?.events).toEqual([expect.objectContaining({ type: 'checkpoint', through: 4 })]);
    expect(await one.problems()).toEqual([]);
    one.clock.advance(DAY_SECONDS);
    expect(await one.prune(2.5)).toBe(1);
    expect(await one.seqs()).toEqual([6, 7, 8]);
    expect(await one.problems()).toEqual([]);
  });

  it('are removed all, but never the checkpoint that says so', async () => {
    const one = await days(3);
    one.clock.advance(100 * DAY_SECONDS);
    expect(await one.prune(1)).toBe(3);
    expect(await one.seqs()).toEqual([4]);
    expect(await one.problems()).toEqual([]);
  });

  it('that nobody removed on purpose are missed, whatever an older checkpoint says', async () => {
    const one = await days(6);
    await one.prune(2.5);
    await one.store.remove(`${await one.writer.name()}/000000005.json`);
    expect(await one.problems()).toEqual(['records 1 to 5 are missing, and no checkpoint says that they were removed']);
  });

  it('none: nothing is written', async () => {
    const one = await days(2);
    expect(await one.prune(30)).toBe(0);
    expect(await one.seqs()).toEqual([1, 2]);
  });

  it.each([0, 1, 2, 3])(
    'a pass that ends after %i removals leaves a chain that verifies, and the next one goes on',
    async (after) => {
      const one = await days(6);
      let left = after;
      const remove = (key: string) => (left-- > 0 ? one.store.remove(key) : Promise.reject(new Error('killed')));
      const dying = {
        ...one.deps,
        records: { get: one.store.get.bind(one.store), list: one.store.list.bind(one.store), remove },
      };
      await expect(prune(dying, one.writer, 2.5)).rejects.toThrow('killed');
      expect((await one.seqs()).length).toBe(7 - after);
      expect(await one.problems()).toEqual([]);
      await one.prune(2.5);
      expect(await one.seqs()).toEqual([5, 6, 7, 8]);
      expect(await one.problems()).toEqual([]);
    },
  );

  it('are forgotten by the index of another process, too', async () => {
    const one = await days(6);
    const other = await openDesk({ store: await temp('unused'), data: await temp('data') });
    desks.push(other);
    const ledger = createLedger({ records: one.store, index: other.index, sources: auditSources(keys) });
    const found = async () => (await ledger.search({ order: 'oldest first', limit: 100 })).map(({ seq }) => seq);
    expect(await found()).toEqual([1, 2, 3, 4, 5, 6]);
    await one.prune(2.5);
    expect(await found()).toEqual([5, 6, 7]);
  });
});
