// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { createLastUses } from '#src/access/last-uses.ts';
import { until } from '#test/support/until.ts';

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds));

function recorded(everyMilliseconds: number, fail: () => boolean = () => false) {
  const writes: ReadonlyMap<string, string>[] = [];
  const errors: unknown[] = [];
  const uses = createLastUses({
    everyMilliseconds,
    write: async (batch) => {
      if (fail()) throw new Error('disk');
      writes.push(batch);
    },
    onError: (error) => void errors.push(error),
  });
  return { uses, writes, errors };
}

describe('last uses', () => {
  it('are written together, each token once with its last time', async () => {
    const { uses, writes } = recorded(30);
    for (let i = 0; i < 1000; i++) uses.note(i % 2 ? 'odd' : 'even', at(i % 60));
    expect(writes).toEqual([]);
    expect(uses.pending('odd')).toBe(at(39).toISOString());
    await until('the batch is written', () => writes.length > 0);
    expect(writes.map((batch) => [...batch])).toEqual([
      [
        ['even', at(38).toISOString()],
        ['odd', at(39).toISOString()],
      ],
    ]);
    expect(uses.pending('odd')).toBeUndefined();
  });

  it('are written when the mirror stops, and nothing is written when there was no use', async () => {
    const { uses, writes } = recorded(60_000);
    await uses.stop();
    expect(writes).toEqual([]);
    uses.note('a', at(1));
    await uses.stop();
    expect(writes.map((batch) => [...batch])).toEqual([[['a', at(1).toISOString()]]]);
  });

  it('that could not be written are kept, unless there was a later one', async () => {
    let broken = true;
    const { uses, writes, errors } = recorded(20, () => broken);
    uses.note('a', at(1));
    uses.note('b', at(1));
    await until('the write fails', () => errors.length > 0);
    broken = false;
    uses.note('b', at(2));
    await until('the next one does not', () => writes.length > 0);
    expect(Object.fromEntries(writes[0] ?? [])).toEqual({ a: at(1).toISOString(), b: at(2).toISOString() });
  });
});
