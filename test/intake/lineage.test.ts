// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { tinyFiles } from '#test/fake-hub/repos.ts';
import { repo, revisionOf } from './house.ts';
import { approved, refused, releaseOf, rulesOf, useHouse } from './use-house.ts';

// Where a model comes from: the terms of its bases reach it, and an adapter is nothing without its base.
const rig = useHouse();
const cardOf = (license: string, base?: string) =>
  `---\nlicense: ${license}\n${base === undefined ? '' : `base_model: ${base}\n`}---\n# A model\n`;
const model = (license: string, base?: string) => ({ ...tinyFiles(), 'README.md': cardOf(license, base) });
const statementOf = async (house: Awaited<ReturnType<typeof rig.open>>, id: string) =>
  house.catalog.statement(repo(id), (await releaseOf(house, id)).commit);

it('the terms of a base two steps up hold a model before its weights are pulled', async () => {
  rig.hub.repo('acme/first').commit(model('llama3.1'));
  rig.hub.repo('acme/second').commit(model('mit', 'acme/first'));
  rig.hub.repo('acme/third').commit(model('apache-2.0', 'acme/second'));
  const house = await rig.open();
  const held = await house.ask('acme/third');
  expect(rulesOf(held)).toEqual(['license-base']);
  expect(refused(held).reasons[0]?.message).toContain('"acme/first" of "acme/second" is under "llama3.1"');
  expect((await house.quarantined()).length, 'the card alone').toBe(1);
});

it('a base that is not there, and a circle of bases, hold nothing; what the card says is signed', async () => {
  rig.hub.repo('acme/one').commit(model('mit', '[acme/two, acme/gone]'));
  rig.hub.repo('acme/two').commit(model('mit', 'acme/one'));
  const house = await rig.open();
  approved(await house.ask('acme/one'));
  const statement = await statementOf(house, 'acme/one');
  expect(statement?.lineage).toEqual([
    { repo: repo('acme/two'), relation: 'unspecified' },
    { repo: repo('acme/gone'), relation: 'unspecified' },
  ]);
  expect(statement?.reasons.map(({ rule, findings }) => [rule, findings])).toEqual([
    ['license-base-unknown', ['acme/gone']],
  ]);
});

it('an adapter waits for its base, and needs nobody once that is approved', async () => {
  const config = JSON.stringify({ base_model_name_or_path: 'acme/base', peft_type: 'LORA', revision: null });
  rig.hub.repo('acme/base').commit(model('mit'));
  rig.hub.repo('acme/lora').commit({ ...model('mit'), 'adapter_config.json': config });
  const house = await rig.open();
  const held = await house.ask('acme/lora');
  expect(rulesOf(held)).toEqual(['adapter-base']);
  expect(refused(held).reasons[0]?.message).toContain('bring that in first: airlock pull acme/base');
  expect((await house.intakes.decided(repo('acme/lora'), revisionOf('main')))?.type).toBe('refused');

  approved(await house.ask('acme/base'));
  expect(await house.intakes.decided(repo('acme/lora'), revisionOf('main'))).toBeUndefined();
  approved(await house.ask('acme/lora'));
  expect((await statementOf(house, 'acme/lora'))?.lineage).toEqual([{ repo: repo('acme/base'), relation: 'adapter' }]);
});

it('an adapter whose configuration is too large to read here waits as one of nobody knows what', async () => {
  const padded = `{"peft_type": "LORA"${' '.repeat(2 ** 20)}}`;
  rig.hub.repo('acme/padded').commit({ ...model('mit'), 'adapter_config.json': padded });
  const held = await (await rig.open()).ask('acme/padded');
  expect(rulesOf(held)).toEqual(['adapter-base']);
  expect(refused(held).reasons[0]?.message).toContain('could not be read');
});

it('bases that are too many, or too far up, are not taken for harmless', async () => {
  for (let i = 0; i < 13; i++) rig.hub.repo(`acme/b${i}`).commit(model('mit'));
  const wide = `[${Array.from({ length: 13 }, (_, i) => `acme/b${i}`).join(', ')}]`;
  rig.hub.repo('acme/wide').commit(model('mit', wide));
  for (let i = 0; i < 6; i++) rig.hub.repo(`acme/up${i}`).commit(model('mit', i < 5 ? `acme/up${i + 1}` : undefined));
  const house = await rig.open();
  for (const [id, words] of [
    ['acme/wide', 'more than 12 models'],
    ['acme/up0', 'too far up the line'],
  ] as const) {
    approved(await house.ask(id));
    const unknown = (await statementOf(house, id))?.reasons.filter(({ rule }) => rule === 'license-base-unknown');
    expect(unknown?.map(({ message }) => message.includes(words))).toEqual([true]);
  }
});

it('what is approved here answers from its statement, whatever upstream says of it by now', async () => {
  const base = rig.hub.repo('acme/base');
  base.commit(model('mit'));
  rig.hub.repo('acme/tuned').commit(model('mit', 'acme/base'));
  const house = await rig.open();
  approved(await house.ask('acme/base'));
  base.commit(model('gpl-3.0'));
  approved(await house.ask('acme/tuned'));
});
