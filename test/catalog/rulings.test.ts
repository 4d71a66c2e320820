// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRuling } from '#src/attest/ruling-entry.ts';
import { rulingKey } from '#src/catalog/keys.ts';
import type { RulingEvent } from '#src/domain/ruling.ts';
import { refusal } from '#test/attest/bundles.ts';
import { type House, openHouse } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';
import { ann, model } from './drafts.ts';

const temp = useTemp();
const houses: House[] = [];
let house: House;
beforeAll(async () => {
  house = await open(await temp('rulings'));
});
afterAll(async () => {
  for (const opened of houses) await opened.close();
});

async function open(folder: string, indexFile = join(folder, 'index.sqlite')): Promise<House> {
  const opened = await openHouse({ folder, indexFile, upstream: 'http://127.0.0.1:9' });
  houses.push(opened);
  return opened;
}

const always = () => true;
const revocation = (id: string): RulingEvent => ({ type: 'revocation', scope: { type: 'repo', repo: model(id) } });
const waiver: RulingEvent = {
  type: 'waiver',
  rule: 'license-missing',
  scope: { type: 'repo', repo: model('org/name') },
  owner: 'eve',
  expiresAt: '2027-01-01T00:00:00.000Z',
};

describe('rulings', () => {
  const standing = async (at: House) => [...(await at.rulings.state()).standing.keys()];

  it('stand by their number until one ends them, and are in force at once for whoever made them', async () => {
    const at = await open(await temp('standing'));
    expect(await at.rulings.append(revocation('a/b'), ann, always)).toBe(1);
    expect(await at.rulings.append(waiver, ann, always)).toBe(2);
    expect(await standing(at)).toEqual([1, 2]);
    expect((await at.rulings.state()).standing.get(2)).toMatchObject({ number: 2, by: 'ann', event: waiver });
    await at.rulings.append({ type: 'end', ruling: 2 }, ann, always);
    expect(await standing(at)).toEqual([1]);
    await at.rulings.append({ type: 'reinstatement', ruling: 1 }, ann, always);
    expect(await standing(at)).toEqual([]);
  });

  it('a revocation is ended by the key that says yes alone, and a waiver by the one that says no', async () => {
    const at = await open(await temp('ends'));
    await at.rulings.append(revocation('a/b'), ann, always);
    await at.rulings.append(waiver, ann, always);
    await at.rulings.append({ type: 'end', ruling: 1 }, ann, always);
    await at.rulings.append({ type: 'reinstatement', ruling: 2 }, ann, always);
    await at.rulings.append({ type: 'end', ruling: 77 }, ann, always);
    expect(await standing(at)).toEqual([1, 2]);
  });

  it('so is the denial of a source, which is a no as well; and a yes to one by the key that says no', async () => {
    const at = await open(await temp('sources'));
    const terms = { type: 'source', match: 'a/*', kinds: ['models'], include: ['*'], exclude: [] } as const;
    for (const mode of ['deny', 'auto'] as const)
      await at.rulings.append({ ...terms, mode, gated: 'hold', expiresAt: null }, ann, always);
    await at.rulings.append({ type: 'end', ruling: 1 }, ann, always);
    await at.rulings.append({ type: 'reinstatement', ruling: 2 }, ann, always);
    expect(await standing(at)).toEqual([1, 2]);
    await at.rulings.append({ type: 'reinstatement', ruling: 1 }, ann, always);
    await at.rulings.append({ type: 'end', ruling: 2 }, ann, always);
    expect(await standing(at)).toEqual([]);
  });

  it('of two processes at the same time both go, one after the other', async () => {
    const folder = await temp('two');
    const [one, two] = [await open(folder), await open(folder, join(folder, 'other.sqlite'))];
    const numbers = await Promise.all(
      [one, two, one, two].map((at, i) => at.rulings.append(revocation(`a/b${i}`), ann, always)),
    );
    expect(numbers.sort()).toEqual([1, 2, 3, 4]);
    await one.rulings.append(revocation('a/last'), ann, always);
    two.clock.advance(house.config.catalog.refreshSeconds);
    expect(await standing(two)).toEqual([1, 2, 3, 4, 5]);
  });

  it('what the state no longer wants is not written', async () => {
    const at = await open(await temp('unwanted'));
    expect(await at.rulings.append(revocation('a/b'), ann, (state) => state.seq > 0)).toBeUndefined();
    expect((await at.rulings.state()).seq).toBe(0);
  });
});

describe('rulings that were tampered with open nothing', () => {
  /** Three: two revocations, and the reinstatement of the first. */
  async function three(): Promise<House> {
    const at = await open(await temp('tampered'));
    await at.rulings.append(revocation('a/b'), ann, always);
    await at.rulings.append(revocation('c/d'), ann, always);
    await at.rulings.append({ type: 'reinstatement', ruling: 1 }, ann, always);
    return at;
  }
  const remove = (at: House, seq: number) => at.records.remove(rulingKey(seq));
  const write = async (at: House, seq: number, bytes: Buffer): Promise<void> => {
    await remove(at, seq);
    await at.records.create(rulingKey(seq), bytes);
  };
  const CASES: [name: string, damage: (at: House) => Promise<unknown>, code: RegExp][] = [
    ['a removed last one', (at) => remove(at, 3), /journal-rolled-back/],
    ['all removed', async (at) => void (await Promise.all([1, 2, 3].map((seq) => remove(at, seq)))), /rolled-back/],
    ['a removed one in between', (at) => remove(at, 2), /record-invalid|rolled-back/],
    ['one that is no JSON', (at) => write(at, 2, Buffer.from('{')), /invalid/],
    ['one twice', async (at) => write(at, 2, await bytesOf(at, 1)), /record-invalid/],
  ];
  const bytesOf = async (at: House, seq: number) => (await at.records.get(rulingKey(seq)))?.bytes ?? Buffer.alloc(0);

  it.each(CASES)('%s', async (_, damage, code) => {
    const at = await three();
    expect(openRuling(await bytesOf(at, 3), at.ring.keys).event.type).toBe('reinstatement');
    await damage(at);
    const next = await open(at.options.folder);
    expect((await refusal(() => next.rulings.state())).code).toMatch(code);
    // Nor does anybody write on top of it.
    expect((await refusal(() => next.rulings.append(waiver, ann, always))).code).toMatch(code);
  });
});
