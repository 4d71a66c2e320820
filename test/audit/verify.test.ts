// SPDX-License-Identifier: Apache-2.0
import { cp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { signAuditRecord } from '#src/attest/audit-record.ts';
import { type Finding, verifyChains } from '#src/audit/verify.ts';
import { auditSources } from '#src/main/audit-sources.ts';
import { keys, signers } from '#test/attest/keys.ts';
import { append, commitOf, model } from '#test/catalog/drafts.ts';
import { openHouse } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';
import { actsFolder, type Desk, listOf, openDesk, order } from './rooms.ts';

const temp = useTemp();
const opened: { close(): Promise<void> }[] = [];
afterAll(async () => {
  for (const one of opened) await one.close();
});

interface Written extends Desk {
  readonly folder: string;
  readonly chain: string;
}

/** A chain of six acts, each in a record of its own. */
async function sixActs(): Promise<Written> {
  const store = await temp('store');
  const desk = await openDesk({ store, data: await temp('data') });
  opened.push(desk);
  for (let i = 1; i <= 6; i++) await desk.audit.act(order(`act-${i}`));
  const folder = await actsFolder(store);
  return { ...desk, folder, chain: `audit/acts/${folder.split('/').at(-1)}` };
}

type Verified = Pick<Desk, 'store' | 'index'>;

async function findings({ store, index }: Verified): Promise<Finding[]> {
  return listOf(verifyChains({ records: store, heads: index.heads, sources: auditSources(keys) }));
}

/** What is wrong, by the number of the record, or `chain`. */
async function wrong(at: Verified): Promise<string[]> {
  return (await findings(at)).flatMap((one) =>
    one.type === 'problem' ? [`${/0*(\d+)\.json/.exec(one.record ?? '')?.[1] ?? 'chain'}: ${one.problem}`] : [],
  );
}

const file = ({ folder }: Written, seq: number) => join(folder, `${String(seq).padStart(9, '0')}.json!`);

describe('airlock audit verify', () => {
  it('finds nothing wrong with what nobody touched', async () => {
    const one = await sixActs();
    expect(await findings(one)).toEqual([{ type: 'end', records: 6, chains: 1, problems: 0 }]);
  });

  const DAMAGE: [what: string, damage: (one: Written) => Promise<unknown>, says: unknown[]][] = [
    [
      'an edited record',
      async (one) => {
        const bundle = JSON.parse(await readFile(file(one, 3), 'utf8'));
        const statement = JSON.parse(Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString());
        statement.predicate.events[0].actor.owner = 'somebody else';
        bundle.dsseEnvelope.payload = Buffer.from(JSON.stringify(statement)).toString('base64');
        await writeFile(file(one, 3), JSON.stringify(bundle));
      },
      [expect.stringMatching(/^3: it was edited/)],
    ],
    ['a dropped record', (one) => rm(file(one, 3)), ['4: record 3 is missing before it']],
    [
      'several dropped records',
      async (one) => Promise.all([rm(file(one, 2)), rm(file(one, 3))]),
      ['4: records 2 to 3 are missing before it'],
    ],
    [
      'two records that changed places',
      async (one) => {
        await rename(file(one, 2), `${file(one, 2)}.x`);
        await rename(file(one, 3), file(one, 2));
        await rename(`${file(one, 2)}.x`, file(one, 3));
      },
      [expect.stringMatching(/^2: it is record 3/), expect.stringMatching(/^3: it is record 2/)],
    ],
    [
      'a chain whose end was cut off',
      async (one) => Promise.all([rm(file(one, 5)), rm(file(one, 6))]),
      ['chain: records 5 to 6 were seen before, and are not there: the end was cut off'],
    ],
    [
      'a chain whose beginning was cut off',
      async (one) => Promise.all([rm(file(one, 1)), rm(file(one, 2))]),
      ['chain: records 1 to 2 are missing, and no checkpoint says that they were removed'],
    ],
    [
      'a whole chain that is gone',
      (one) => rm(one.folder, { recursive: true }),
      ['chain: 6 records were seen before, and none is there'],
    ],
    [
      'a record that is there twice',
      (one) => cp(file(one, 2), file(one, 7)),
      [expect.stringMatching(/^7: it is record 2/)],
    ],
    [
      'a file that is no record',
      (one) => writeFile(join(one.folder, 'note.txt!'), 'hello'),
      [expect.stringContaining('it is no record of a chain')],
    ],
    [
      'a last record that was signed anew by somebody who has the key',
      async (one) => {
        const last = (await one.records()).at(-1);
        if (!last) throw new Error('there is none');
        await writeFile(file(one, 6), await signAuditRecord(signers.evidence, { ...last, at: '2020-01-01T00:00:00Z' }));
      },
      ['6: it is another one than was seen before'],
    ],
    [
      'a record in the middle that was signed anew',
      async (one) => {
        const third = (await one.records())[2];
        if (!third) throw new Error('there is none');
        await writeFile(
          file(one, 3),
          await signAuditRecord(signers.evidence, { ...third, at: '2020-01-01T00:00:00Z' }),
        );
      },
      ['4: it does not follow the record before it: one of the two was replaced'],
    ],
  ];

  it.each(DAMAGE)('names %s', async (_, damage, says) => {
    const one = await sixActs();
    await damage(one);
    expect(await wrong(one)).toEqual(says);
  });

  it('remembers the chains of other processes from then on', async () => {
    const one = await sixActs();
    const two = await openDesk({ store: await temp('other'), data: await temp('data') });
    opened.push(two);
    expect(await wrong({ store: one.store, index: two.index })).toEqual([]);
    await rm(file(one, 6));
    expect(await wrong({ store: one.store, index: two.index })).toEqual([
      'chain: records 6 to 6 were seen before, and are not there: the end was cut off',
    ]);
  });

  it('reads the journals and the rulings too', async () => {
    const folder = await temp('house');
    const house = await openHouse({ folder, upstream: 'http://127.0.0.1:9' });
    opened.push(house);
    for (const digit of ['a', 'b', 'c']) await append(house, model('org/name'), 'rejection', commitOf(digit));
    const verify = async () => {
      const sources = auditSources(house.ring.keys);
      const all = await listOf(verifyChains({ records: house.records, heads: house.index.heads, sources }));
      return all.filter(({ type }) => type !== 'progress');
    };
    expect((await verify()).at(-1)).toMatchObject({ problems: 0 });
    await rm(join(folder, 'store', 'records', 'journal', 'models', 'org=name', '000000003.json!'));
    expect(await verify()).toEqual([
      expect.objectContaining({ chain: 'journal/models/org=name', problem: expect.stringContaining('cut off') }),
      expect.objectContaining({ problems: 1 }),
    ]);
  });
});
