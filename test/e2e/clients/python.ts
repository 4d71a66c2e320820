// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { inject } from 'vitest';
import { type ClientOptions, clientOptions, HUB_VERSIONS, type HubVersion, hf } from '#test/support/clients.ts';
import { type RunResult, run } from '#test/support/run.ts';
import { type Client, cachedFiles, type Got, OURS } from './client.ts';

const FILE = `
import sys, huggingface_hub
repo, revision = sys.argv[1:]
print(huggingface_hub.hf_hub_download(repo, "model.safetensors", revision=revision))
`;
const TRANSFORMERS = `
import sys
from transformers import AutoConfig, AutoTokenizer
repo, revision = sys.argv[1:]
config = AutoConfig.from_pretrained(repo, revision=revision)
tokens = AutoTokenizer.from_pretrained(repo, revision=revision)("hello world")
print(config.model_type, config.hidden_size, tokens.input_ids)
`;
const DATASETS = `
import sys
from datasets import load_dataset
repo, revision = sys.argv[1:]
rows = load_dataset(repo, revision=revision)["train"]
print(rows.to_list())
`;

/** What huggingface_hub prints of a wait by itself: from 1.22 with our pause, before with its own. */
const PAUSE = {
  '2.4': /Rate limited\. Waiting \d+(\.\d+)?s before retry \[Retry 1\/5\]/,
  '0.36': /HTTP Error 503 thrown while requesting HEAD \S+\s+Retrying in 1s \[Retry 1\/5\]/,
};

export const pythonClients: readonly Client[] = [
  ...HUB_VERSIONS.map(command),
  ...HUB_VERSIONS.map(library),
  {
    name: 'transformers',
    kind: 'models',
    takes: ['config.json', 'tokenizer.json', 'tokenizer_config.json'],
    get: (repo, revision, person) => script('transformers', TRANSFORMERS, repo, revision, person),
    refused: [/^OSError: You are trying to access a gated repo\.$/m, OURS.refused],
    gone: [OURS.gone],
    revoked: [OURS.revoked, /^OSError: main is not a valid git identifier/m],
    waiting: [OURS.waiting, PAUSE['2.4']],
    patient: true,
  },
  ...(['csv', 'parquet'] as const).map(dataset),
];

/** `hf download`. */
function command(version: HubVersion): Client {
  return {
    name: `hf download ${version}`,
    kind: 'models',
    takes: 'all',
    async get(repo, revision, person) {
      const result = await hf(version, ['download', repo, '--revision', revision], person);
      return got('models', repo, person, result);
    },
    // The last line of 2.4 hides our text, and its warning shows it.
    refused: [OURS.refused, version === '2.4' ? /Error: Access denied\./ : /GatedRepoError: 403 Client Error\./],
    gone: [OURS.gone],
    revoked: [OURS.revoked, version === '2.4' ? /Error: Revision not found in model/ : /RevisionNotFoundError: 404/],
    waiting: version === '2.4' ? [OURS.waiting, PAUSE['2.4']] : [OURS.waiting],
    patient: version === '2.4',
  };
}

/** One file by the library: a HEAD and a GET, and no question to the API. */
function library(version: HubVersion): Client {
  const pause = version === '2.4' || version === '0.36' ? PAUSE[version] : undefined;
  return {
    name: `hf_hub_download ${version}`,
    kind: 'models',
    takes: ['model.safetensors'],
    get: (repo, revision, person) => script(`hub-${version}`, FILE, repo, revision, person),
    refused: [OURS.refused, /GatedRepoError: 403 Client Error\./],
    // 0.36 shows the status alone, of this and of a wait.
    gone: version === '0.36' ? [/HTTP Error 502 thrown while requesting HEAD/] : [OURS.gone],
    revoked: [OURS.revoked, /RevisionNotFoundError: 404 Client Error\./],
    waiting: [...(version === '0.36' ? [] : [OURS.waiting]), ...(pause ? [pause] : [])],
    patient: pause !== undefined,
  };
}

function dataset(format: 'csv' | 'parquet'): Client {
  return {
    name: `datasets, ${format}`,
    kind: 'datasets',
    takes: [format === 'csv' ? 'data/train.csv' : 'data/train-00000-of-00001.parquet'],
    get: (repo, revision, person) => script('transformers', DATASETS, repo, revision, person),
    refused: [OURS.refused, /DatasetNotFoundError: Dataset '\S+' is a gated dataset on the Hub\./],
    gone: [OURS.gone],
    revoked: [OURS.revoked, /DatasetNotFoundError: Revision 'main' doesn't exist for dataset/],
    waiting: [OURS.waiting, PAUSE['2.4']],
    patient: true,
  };
}

async function script(
  environment: 'transformers' | `hub-${HubVersion}`,
  code: string,
  repo: string,
  revision: string,
  person: ClientOptions,
): Promise<Got> {
  const python = join(inject('python')[environment], 'python');
  const result = await run(python, ['-c', code, repo, revision], clientOptions(person));
  return got(code === DATASETS ? 'datasets' : 'models', repo, person, result);
}

async function got(kind: Client['kind'], repo: string, person: ClientOptions, result: RunResult): Promise<Got> {
  const files = await cachedFiles(join(person.home, 'hub'), kind, repo);
  return { ok: result.status === 0, files, seen: result.output };
}
