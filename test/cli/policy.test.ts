// SPDX-License-Identifier: Apache-2.0
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { useTemp } from '#test/support/temp.ts';
import { evidenceOf, type Sample, scan, WEIGHTS } from '../policy/samples.ts';
import { runCli } from './run-cli.ts';

const temp = useTemp();

async function evidenceFile(folder: string, name: string, sample: Sample, more: object = {}): Promise<void> {
  await writeFile(join(folder, name), JSON.stringify({ ...evidenceOf(sample), ...more }));
}

test('airlock policy test judges files without a mirror, and its status is the worst outcome', async () => {
  const folder = await temp('policy-cli');
  await evidenceFile(folder, 'good.json', { scans: WEIGHTS });
  await evidenceFile(folder, 'held.json', { scans: WEIGHTS, license: [] });
  await evidenceFile(folder, 'evil.json', { scans: { 'a.bin': scan('pickle', 'block', 'evil') } });
  const good = await runCli(['policy', 'test', 'good.json'], folder, {});
  expect([good.status, good.stdout]).toEqual([0, 'good.json: approved\n']);
  const held = await runCli(['policy', 'test', 'good.json', 'held.json'], folder, {});
  expect(held.status).toBe(1);
  expect(held.stdout).toContain('held.json: held\n  hold      no license is declared: README.md [license-missing]\n');
  expect((await runCli(['policy', 'test', 'held.json', 'evil.json', '--json'], folder, {})).status).toBe(2);
});

test('what a file expects decides the status, under the policy that is named', async () => {
  const folder = await temp('policy-cli');
  await evidenceFile(
    folder,
    'held.json',
    { scans: WEIGHTS, license: [] },
    { expect: { outcome: 'held', reasons: ['license-missing'] } },
  );
  await evidenceFile(
    folder,
    'accepted.json',
    { scans: WEIGHTS, license: [] },
    { accepts: ['license-missing'], expect: { outcome: 'approved' } },
  );
  await writeFile(join(folder, 'policy.yaml'), 'licenses: { missing: deny }\n');
  expect((await runCli(['policy', 'test', 'held.json', 'accepted.json'], folder, {})).status).toBe(0);
  const strict = await runCli(['policy', 'test', 'held.json', '--policy', 'policy.yaml'], folder, {});
  expect(strict.status).toBe(2);
  expect(strict.stdout).toContain('unexpected: it is denied, and held was expected');
  await writeFile(join(folder, 'sources.yaml'), '- { match: "other/*", mode: auto }\n');
  const elsewhere = await runCli(['policy', 'test', 'held.json', '--sources', 'sources.yaml', '--explain'], folder, {});
  expect(elsewhere.stdout).toContain('unexpected: source-unmatched was not expected');
  expect(elsewhere.stdout).toContain('  source-unmatched: deny\n    saw     org/name under no source\n');
});

test('a mistake in the policy or in the evidence is said with its place', async () => {
  const folder = await temp('policy-cli');
  await evidenceFile(folder, 'typo.json', { scans: WEIGHTS }, { liscense: {} });
  await evidenceFile(folder, 'good.json', { scans: WEIGHTS });
  const typo = await runCli(['policy', 'test', 'typo.json'], folder, {});
  expect([typo.status, typo.stderr]).toEqual([78, expect.stringContaining('Unrecognized key: "liscense"')]);
  const custom = '{ id: a, effect: deny, when: "evidence.x", message: no }';
  await writeFile(join(folder, 'policy.yaml'), `custom: [${custom}]\n`);
  const wrong = await runCli(['policy', 'test', 'good.json', '--policy', 'policy.yaml'], folder, {});
  expect(wrong.status).toBe(78);
  expect(wrong.stderr).toContain(
    'policy.yaml: policy.custom[0].when: "evidence.x" is not allowed; expected a CEL expression',
  );
  expect(wrong.stderr).toContain('line 1:9: unknown field "x"');
});

test('a policy in two places stops the start', async () => {
  const folder = await temp('policy-cli');
  await writeFile(join(folder, 'policy.yaml'), '{}\n');
  await writeFile(join(folder, 'config.yaml'), 'policy: {}\npolicyFile: policy.yaml\n');
  const both = await runCli(['serve', '--config', 'config.yaml'], folder, {});
  expect(both.status).toBe(78);
  expect(both.stderr).toContain('policyFile: is set, and so is policy; expected one of the two');
});

test('airlock policy schema prints what config has for editors', async () => {
  const { stdout } = await runCli(['policy', 'schema', 'policy'], await temp('policy-cli'), {});
  const file = await readFile(new URL('../../config/policy.schema.json', import.meta.url), 'utf8');
  expect(JSON.parse(stdout)).toEqual(JSON.parse(file));
});
