// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { tinyFiles } from '#test/fake-hub/repos.ts';
import { repo, revisionOf } from './house.ts';
import { approved, refused, releaseOf, rulesOf, useHouse } from './use-house.ts';

// A repo that needs trust_remote_code: a person approves its code once, and that code only.
const rig = useHouse();
const ID = 'acme/custom';
const ACT = { by: 'alice', reason: 'read modeling_x.py' };
const CODE = 'import torch\n\n\nclass X(torch.nn.Module):\n    pass\n';
const files = (code: string, title: string) => ({
  ...tinyFiles(),
  'config.json': `${JSON.stringify({ model_type: 'x', auto_map: { AutoModel: 'modeling_x.X' } })}\n`,
  'modeling_x.py': code,
  'sub/notes.txt': `${title}\n`,
});

it('the code is approved by its digest: the next commit with the same code needs nobody, another code does', async () => {
  const hub = rig.hub.repo(ID);
  const first = hub.commit(files(CODE, 'one'));
  const house = await rig.open();
  const held = await house.ask(ID);
  expect(rulesOf(held)).toEqual(['custom-code']);
  const { digest } = refused(held).reasons.find(({ rule }) => rule === 'custom-code') ?? {};
  expect(digest).toMatch(/^[0-9a-f]{64}$/);

  const second = hub.commit(files(CODE, 'two'));
  expect(rulesOf(await house.ask(ID, second))).toEqual(['custom-code']);
  const { outcome } = await house.review.approve(repo(ID), revisionOf(first), ACT, false);
  expect((await outcome).type).toBe('approved');
  expect([...(await releaseOf(house, ID, first)).files.keys()]).toContain('modeling_x.py');
  // Held before somebody approved that code, and not asked about again.
  expect(await house.intakes.decided(repo(ID), revisionOf(second))).toBeUndefined();
  expect(approved(await house.ask(ID, second))).toBe(second);

  const third = hub.commit(files(`${CODE}\n\nX.extra = 1\n`, 'three'));
  expect(rulesOf(await house.ask(ID, third))).toEqual(['custom-code']);

  // New scanner rules leave what was approved alone.
  house.rescan.reload();
  await house.rescan.idle();
  expect(house.rescan.report()).toMatchObject({ releases: 2, quarantined: [] });

  await house.review.revoke(repo(ID), revisionOf(first), ACT);
  const fourth = hub.commit(files(CODE, 'four'));
  expect(approved(await house.ask(ID, second))).toBe(second);
  expect(rulesOf(await house.ask(ID, fourth))).toEqual(['custom-code']);
});

it('code that runs a program at import is denied, and no approval lifts that', async () => {
  const head = rig.hub.repo(ID).commit(files("import os\nos.system('echo benign-test')\n", 'one'));
  const house = await rig.open();
  expect(rulesOf(await house.ask(ID))).toContain('verdict-block');
  await expect(house.review.approve(repo(ID), revisionOf(head), ACT, true)).rejects.toThrow('Nobody can accept');
});
