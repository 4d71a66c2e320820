// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { addDataset, addHostileDataset, addParquet } from '#test/fake-hub/repos.ts';
import { clientOptions } from '#test/support/clients.ts';
import { type RunResult, run } from '#test/support/run.ts';
import { useWorld } from '#test/support/world.ts';
import { OURS } from './clients/client.ts';

/** Ways to data beside `load_dataset`, which is in `clients.test.ts`: they read files where they are, in ranges. */
const world = useWorld({
  repos: (hub) => {
    addDataset(hub);
    addParquet(hub);
    addHostileDataset(hub);
  },
});

async function python(code: string): Promise<RunResult> {
  return run(join(inject('python').transformers, 'python'), ['-c', code], clientOptions(await world.person()));
}

const ROWS = "[{'text': 'hello', 'label': 1}, {'text': 'world', 'label': 0}]";
const PARQUET = 'data/train-00000-of-00001.parquet';
const LOAD = 'from datasets import load_dataset\n';
const PANDAS = 'import pandas\n';
const WAYS: [what: string, code: string][] = [
  ['a CSV file, streamed', `${LOAD}print(list(load_dataset("acme/tiny-data", split="train", streaming=True)))`],
  ['a parquet file, streamed', `${LOAD}print(list(load_dataset("acme/tiny-parquet", split="train", streaming=True)))`],
  ['files that are named', `${LOAD}print(load_dataset("acme/tiny-data", data_files="data/*.csv")["train"].to_list())`],
  [
    'a CSV file by pandas',
    `${PANDAS}print(pandas.read_csv("hf://datasets/acme/tiny-data/data/train.csv").to_dict("records"))`,
  ],
  [
    'a parquet file by pandas',
    `${PANDAS}print(pandas.read_parquet("hf://datasets/acme/tiny-parquet@main/${PARQUET}").to_dict("records"))`,
  ],
];

it.each(WAYS)('%s is read, and once more without a question to upstream', async (_, code) => {
  const first = await python(code);
  expect(first.status, first.output).toBe(0);
  expect(first.stdout).toContain(ROWS);
  const before = world.hub.stats.requests;
  const again = await python(code);
  expect(again.stdout, again.output).toContain(ROWS);
  expect(world.hub.stats.requests).toBe(before);
});

it.each([
  ['streaming', `${LOAD}print(list(load_dataset("acme/hostile-data", split="train", streaming=True)))`],
  ['pandas', `${PANDAS}print(pandas.read_csv("hf://datasets/acme/hostile-data/data/train.csv"))`],
])('%s of a refused dataset shows why', async (_, code) => {
  const result = await python(code);
  expect(result.status).not.toBe(0);
  expect(result.output).toMatch(OURS.refused);
});
