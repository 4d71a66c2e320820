// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Files, HubRepo } from './repo.ts';
import type { FakeHub } from './server.ts';
import { generatedSafetensors, osSystemPickle, safetensors, unknownGlobalPickle } from './weights.ts';

const MIB = 2 ** 20;
const GITATTRIBUTES = '*.safetensors filter=lfs diff=lfs merge=lfs -text\n*.bin filter=lfs diff=lfs merge=lfs -text\n';
const CONFIG = `${JSON.stringify({ model_type: 'bert', hidden_size: 4, architectures: ['BertModel'] }, null, 2)}\n`;
const TOKENIZER = `${JSON.stringify({
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: [],
  normalizer: null,
  pre_tokenizer: { type: 'Whitespace' },
  post_processor: null,
  decoder: null,
  model: { type: 'WordLevel', vocab: { '[UNK]': 0, hello: 1, world: 2 }, unk_token: '[UNK]' },
})}\n`;

const TOKENIZER_CONFIG = `${JSON.stringify({ tokenizer_class: 'PreTrainedTokenizerFast', unk_token: '[UNK]' })}\n`;
const PARQUET = resolve(import.meta.dirname, '../fixtures/parquet/tiny.parquet');

/** A model card; without a license where none is given. */
export function card(license?: string, title = 'A model'): string {
  const front = license === undefined ? 'pipeline_tag: text-classification' : `license: ${license}`;
  return `---\n${front}\n---\n\n# ${title}\n`;
}

/** What nearly every model has, with weights of a few hundred bytes. */
export function tinyFiles(): Files {
  return {
    '.gitattributes': GITATTRIBUTES,
    'README.md': card('apache-2.0', 'A tiny model'),
    'config.json': CONFIG,
    'tokenizer.json': TOKENIZER,
    'model.safetensors': safetensors(Buffer.from('weights of a tiny model'.repeat(20))),
    'sub/notes.txt': 'A file in a folder.\n',
    'sub/deeper/more.json': '{"deep": true}\n',
    'sub/with space and ü.txt': 'A path that has to be escaped.\n',
    'empty.txt': '',
  };
}

/** Branch `main`, an older commit on branch `old` and tag `v1.0`, a pull request, a converted branch. */
export function addTiny(hub: FakeHub, id = 'acme/tiny'): HubRepo {
  const repo = hub.repo(id);
  const first = repo.commit({ ...tinyFiles(), 'sub/notes.txt': 'The first version.\n' });
  repo.tags.set('v1.0', first);
  repo.branches.set('old', first);
  repo.commit(tinyFiles());
  repo.otherRefs.set('refs/pr/1', first);
  return repo;
}

/** With what AutoTokenizer asks for. */
export function tokenizerFiles(): Files {
  return { ...tinyFiles(), 'tokenizer_config.json': TOKENIZER_CONFIG };
}

/** One generated weights file of `mib` MiB. */
export function addBig(hub: FakeHub, mib: number, id = `acme/big-${mib}`): HubRepo {
  const repo = hub.repo(id);
  repo.commit({ ...tinyFiles(), 'model.safetensors': generatedSafetensors(id, mib * MIB) });
  return repo;
}

/** Weights as a pickle that would run a command, and nothing beside them. */
export function addHostile(hub: FakeHub, id = 'acme/hostile'): HubRepo {
  const repo = hub.repo(id);
  const { 'model.safetensors': _, ...rest } = tinyFiles();
  repo.commit({ ...rest, 'pytorch_model.bin': osSystemPickle() });
  return repo;
}

/** A license that no default allows, or none at all. */
export function addLicensed(hub: FakeHub, license: string | undefined, id: string): HubRepo {
  const repo = hub.repo(id);
  repo.commit({ ...tinyFiles(), 'README.md': card(license) });
  return repo;
}

/** Passing safetensors, and beside them a pickle that a person would have to look at. */
export function addMixed(hub: FakeHub, id = 'acme/mixed'): HubRepo {
  const repo = hub.repo(id);
  repo.commit({ ...tinyFiles(), 'pytorch_model.bin': unknownGlobalPickle() });
  return repo;
}

/** Nothing but a pickle that a person has to look at: held until somebody approves it. */
export function addHeld(hub: FakeHub, id = 'acme/held'): HubRepo {
  const repo = hub.repo(id);
  const { 'model.safetensors': _, ...rest } = tinyFiles();
  repo.commit({ ...rest, 'pytorch_model.bin': unknownGlobalPickle() });
  return repo;
}

/** So many files that a listing takes several pages. */
export function addMany(hub: FakeHub, count = 2500, id = 'acme/many'): HubRepo {
  const repo = hub.repo(id);
  const files: Record<string, string> = { 'README.md': card('mit') };
  for (let i = 1; i < count; i++) files[`data/${String(i % 50).padStart(2, '0')}/f${i}.json`] = `{"i": ${i}}\n`;
  repo.commit(files);
  return repo;
}

/** Paths that are legal in git and awkward in a URL. */
export function addOddNames(hub: FakeHub, id = 'acme/odd'): HubRepo {
  const repo = hub.repo(id);
  const odd = [
    'a#b.txt',
    'a?b.txt',
    'a%20b.txt',
    'a+b.txt',
    "it's.txt",
    'a&b=c.txt',
    'tab; rel="next".txt',
    '日本/語.txt',
  ];
  const files = Object.fromEntries(odd.map((path) => [path, `content of ${path}\n`]));
  repo.commit({ 'README.md': card('mit'), 'model.safetensors': safetensors(Buffer.from('odd')), ...files });
  return repo;
}

export function addDataset(hub: FakeHub, id = 'acme/tiny-data'): HubRepo {
  const repo = hub.repo(id, 'datasets');
  repo.commit({ 'README.md': card('cc-by-4.0', 'A dataset'), 'data/train.csv': 'text,label\nhello,1\nworld,0\n' });
  return repo;
}

/** The same as parquet, as pyarrow writes it. */
export function addParquet(hub: FakeHub, id = 'acme/tiny-parquet'): HubRepo {
  const repo = hub.repo(id, 'datasets');
  const path = 'data/train-00000-of-00001.parquet';
  repo.commit({ 'README.md': card('cc-by-4.0', 'A dataset'), [path]: readFileSync(PARQUET) });
  return repo;
}

/** A dataset beside which lies a pickle that would run a command. */
export function addHostileDataset(hub: FakeHub, id = 'acme/hostile-data'): HubRepo {
  const repo = addDataset(hub, id);
  repo.move('main', { 'data/cache.pkl': osSystemPickle() });
  return repo;
}

/** A folder on disk as a repo: what a real model's package holds. */
export async function addFolder(hub: FakeHub, folder: string, id: string): Promise<HubRepo> {
  const files: Record<string, Buffer> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files[path.slice(folder.length + 1)] = await readFile(path);
  }
  const repo = hub.repo(id);
  repo.commit(files);
  return repo;
}
