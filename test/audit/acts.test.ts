// SPDX-License-Identifier: Apache-2.0
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { AuditEvent } from '#src/attest/audit-record.ts';
import { useTemp } from '#test/support/temp.ts';
import { until } from '#test/support/until.ts';
import { actsFolder, type Desk, openDesk, order } from './rooms.ts';

const temp = useTemp();
const desks: Desk[] = [];
afterAll(async () => {
  for (const desk of desks) await desk.close();
});

async function desk(folders?: { store: string; data: string }, patienceMilliseconds?: number) {
  const at = folders ?? { store: await temp('store'), data: await temp('data') };
  const opened = await openDesk({ ...at, ...(patienceMilliseconds === undefined ? {} : { patienceMilliseconds }) });
  desks.push(opened);
  return { ...opened, at };
}

/** What a desk's store holds, in order: the action of an act, the type of anything else. */
async function told(at: Pick<Desk, 'records'>): Promise<string[]> {
  return (await at.records()).flatMap(({ events }) => events.map(word));
}

function word(event: AuditEvent): string {
  return event.type === 'act' ? event.action : event.type;
}

describe('an act', () => {
  it('is in the store when it may begin, signed, with who, from where and what', async () => {
    const one = await desk();
    await one.audit.act(order('POST /revoke', { repo: 'org/name', reason: 'it steals' }));
    const [record] = await one.records();
    expect(record).toMatchObject({ kind: 'acts', seq: 1, previous: null });
    expect(record?.events).toEqual([
      expect.objectContaining({
        type: 'act',
        action: 'POST /revoke',
        actor: { id: 'a1', owner: 'ann@example.org', roles: ['admin'], via: 'token' },
        address: '192.0.2.7',
        requestId: 'r-1',
        repo: { kind: 'models', id: 'org/name' },
        commit: null,
        details: { repo: 'org/name', reason: 'it steals' },
      }),
    ]);
  });

  it('is refused while the store is away, and leaves nothing', async () => {
    const one = await desk();
    one.store.trouble = 'away';
    await expect(one.audit.act(order('first'))).rejects.toMatchObject({ code: 'audit-unavailable' });
    one.store.trouble = 'none';
    await one.audit.act(order('second'));
    expect(await told(one)).toEqual(['second']);
  });

  it('that failed gets a second event, which names it', async () => {
    const one = await desk();
    const act = await one.audit.act(order('POST /pin'));
    await act.failed('conflict');
    const events = (await one.records()).flatMap((record) => record.events);
    const [first, second] = events;
    expect(second).toEqual({
      type: 'failure',
      at: expect.any(String),
      code: 'conflict',
      act: (first as { id: string }).id,
    });
  });

  it('whose answer was lost was refused, and the chain says so', async () => {
    const one = await desk();
    await one.audit.act(order('zero'));
    one.store.trouble = 'lost';
    await expect(one.audit.act(order('first'))).rejects.toMatchObject({ code: 'audit-unavailable' });
    one.store.trouble = 'none';
    await one.audit.act(order('second'));
    await until('the failure', async () => (await told(one)).includes('failure'));
    expect(await told(one)).toEqual(['zero', 'first', 'second', 'failure']);
  });

  it('that the store takes too long for was refused, and the chain says so when it is written after all', async () => {
    const one = await desk(undefined, 3000);
    await one.audit.act(order('zero'));
    one.store.trouble = 'hangs';
    await expect(one.audit.act(order('first'))).rejects.toMatchObject({ code: 'audit-unavailable' });
    one.store.release();
    await until('the failure', async () => (await told(one)).includes('failure'));
    expect(await told(one)).toEqual(['zero', 'first', 'failure']);
  });

  it('shares a record with those of the same time, in the order in which they came', async () => {
    const one = await desk();
    const names = Array.from({ length: 40 }, (_, i) => `act-${i}`);
    await Promise.all(names.map((name) => one.audit.act(order(name))));
    expect(await told(one)).toEqual(names);
    expect((await one.records()).length).toBeLessThan(10);
  });

  it('has no secret in it, whatever was sent', async () => {
    const one = await desk();
    const secrets = {
      token: 'airlock_AAAABBBBCCCCDDDD',
      nested: { password: 'hunter2hunter2', list: [{ apiKey: 'k-123456' }] },
      reason: 'see hf_abcdefghijklmnop and Bearer s3cr3t-s3cr3t',
      url: 'https://user:pa55word@hooks.example/x',
    };
    await one.audit.act(order('POST /anything', secrets));
    const [stored] = await one.records();
    const text = JSON.stringify(stored);
    for (const secret of ['AAAABBBB', 'hunter2', 'k-123456', 'hf_abcdef', 's3cr3t', 'pa55word'])
      expect(text).not.toContain(secret);
    expect(text).toContain('hooks.example');
  });
});

describe('a chain', () => {
  it('goes on where the process before left it', async () => {
    const one = await desk();
    await one.audit.act(order('first'));
    const two = await desk(one.at);
    await two.audit.act(order('second'));
    const records = await two.records();
    expect(records.map(({ seq }) => seq)).toEqual([1, 2]);
  });

  it('goes on behind a record that the index did not come to know of', async () => {
    const one = await desk();
    await one.audit.act(order('first'));
    await cp(join(one.at.data, 'index.sqlite'), join(one.at.data, 'kept'));
    await one.audit.act(order('second'));
    await one.close();
    for (const name of ['index.sqlite-wal', 'index.sqlite-shm', 'index.sqlite'])
      await rm(join(one.at.data, name), { force: true });
    await cp(join(one.at.data, 'kept'), join(one.at.data, 'index.sqlite'));
    const two = await desk(one.at);
    await two.audit.act(order('third'));
    expect(await told(two)).toEqual(['first', 'second', 'third']);
  });

  it('whose end was cut off is left, and the new one says which it was', async () => {
    const one = await desk();
    for (const name of ['first', 'second']) await one.audit.act(order(name));
    const folder = await actsFolder(one.at.store);
    await rm(join(folder, '000000002.json!'));
    const two = await desk(one.at);
    await two.audit.act(order('third'));
    const broken = (await two.records()).flatMap(({ events }) => events).find((e) => e.type === 'chain-broken');
    expect(broken).toMatchObject({ problem: 'record 2 was seen before, and is not there' });
    expect(two.log).toEqual([expect.objectContaining({ security: true })]);
    await two.audit.act(order('fourth'));
    expect((await told(two)).filter((name) => name === 'chain-broken')).toHaveLength(1);
  });

  it('whose last record was put in by somebody else is left', async () => {
    const one = await desk();
    for (const name of ['first', 'second']) await one.audit.act(order(name));
    const folder = await actsFolder(one.at.store);
    await cp(join(folder, '000000001.json!'), join(folder, '000000002.json!'));
    const two = await desk(one.at);
    await two.audit.act(order('third'));
    expect(two.log).toEqual([expect.objectContaining({ problem: 'record 2 is another one than was seen before' })]);
  });

  it('has one writer: a copy of a data folder begins one of its own', async () => {
    const one = await desk();
    await one.audit.act(order('before'));
    const data = await temp('copy');
    await cp(one.at.data, data, { recursive: true });
    const two = await desk({ store: one.at.store, data });
    await two.audit.act(order('of the copy'));
    await one.audit.act(order('of the original'));
    await two.audit.act(order('again of the copy'));
    const chains = new Map<string, string[]>();
    for (const { writer, events } of await one.records())
      chains.set(writer, [...(chains.get(writer) ?? []), ...events.map(word)]);
    expect([...chains.values()].sort()).toEqual(
      [
        ['before', 'of the copy', 'again of the copy'],
        ['chain-broken', 'of the original'],
      ].sort(),
    );
  });

  it('is one for each of two processes on one store', async () => {
    const one = await desk();
    const two = await desk({ store: one.at.store, data: await temp('data') });
    await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 ? one : two).audit.act(order(`act-${i}`))));
    const writers = new Set((await one.records()).map(({ writer }) => writer));
    expect(writers.size).toBe(2);
    expect((await told(one)).sort()).toEqual(Array.from({ length: 20 }, (_, i) => `act-${i}`).sort());
  });
});
