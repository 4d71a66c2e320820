// SPDX-License-Identifier: Apache-2.0
import { join, resolve } from 'node:path';
import { inject } from 'vitest';
import { type ClientOptions, clientOptions } from '#test/support/clients.ts';
import { run } from '#test/support/run.ts';
import { type Client, cachedFiles, digestsBelow, OURS } from './client.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const SNAPSHOT = `
import { snapshotDownload } from '@huggingface/hub';
const [repo, revision, hubUrl, cacheDir] = process.argv.slice(1);
await snapshotDownload({ repo, revision, hubUrl, cacheDir });
`;
const TRANSFORMERS = `
import { AutoConfig, AutoTokenizer, env } from '@huggingface/transformers';
const [repo, revision, remoteHost, cacheDir] = process.argv.slice(1);
Object.assign(env, { remoteHost, cacheDir });
const config = await AutoConfig.from_pretrained(repo, { revision });
const tokenizer = await AutoTokenizer.from_pretrained(repo, { revision });
console.log(config.model_type, tokenizer.encode('hello world'));
`;

export const otherClients: readonly Client[] = [
  {
    name: '@huggingface/hub',
    kind: 'models',
    takes: 'all',
    async get(repo, revision, { endpoint, home }) {
      const cacheDir = join(home, 'hub');
      const { status, output } = await script(SNAPSHOT, [repo, revision, endpoint, cacheDir], ROOT);
      return { ok: status === 0, files: await cachedFiles(cacheDir, 'models', repo), seen: output };
    },
    refused: [OURS.refused],
    gone: [OURS.gone],
    revoked: [OURS.revoked],
    waiting: [OURS.waiting],
    patient: false,
  },
  {
    name: '@huggingface/transformers',
    kind: 'models',
    takes: ['config.json', 'tokenizer.json', 'tokenizer_config.json'],
    async get(repo, revision, { endpoint, home }) {
      const { status, output } = await script(TRANSFORMERS, [repo, revision, endpoint, home], inject('javascript'));
      return {
        ok: status === 0,
        files: await digestsBelow(join(home, repo, revision === 'main' ? '' : revision)),
        seen: output,
      };
    },
    // It has a text of its own for each status, and shows none of ours.
    refused: [/Forbidden access to file: "http\S+config\.json"/],
    gone: [/Bad gateway error occurred while trying to load file: "http\S+config\.json"/],
    revoked: undefined,
    waiting: [/Service unavailable error occurred while trying to load file: "http\S+config\.json"/],
    patient: false,
  },
  ...(['sync', 'tokio'] as const).map(rust),
  {
    name: 'curl',
    kind: 'models',
    takes: ['model.safetensors'],
    async get(repo, revision, { endpoint, home }) {
      const [file = ''] = this.takes;
      const output = ['-fsSL', '--create-dirs', '-o', join(home, 'got', file)];
      const result = await run('curl', [...output, `${endpoint}/${repo}/resolve/${revision}/${file}`]);
      return { ok: result.status === 0, files: await digestsBelow(join(home, 'got')), seen: result.output };
    },
    refused: [/^curl: \(22\) The requested URL returned error: 403$/m],
    gone: [/^curl: \(22\) The requested URL returned error: 502$/m],
    revoked: [/^curl: \(22\) The requested URL returned error: 404$/m],
    waiting: [/^curl: \(22\) The requested URL returned error: 503$/m],
    patient: false,
  },
];

/** A module's text; what it imports is looked for in the folder. */
function script(code: string, args: readonly string[], folder: string) {
  return run(process.execPath, ['--input-type=module', '--eval', code, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH },
  });
}

/** hf-hub shows the status and none of our words. */
function rust(flavour: 'sync' | 'tokio'): Client {
  const status = (code: string) =>
    new RegExp(flavour === 'sync' ? `request error: http status: ${code}` : `HTTP status \\w+ error \\(${code} `);
  return {
    name: `hf-hub, ${flavour}`,
    kind: 'models',
    missing: inject('rust') === undefined ? 'cargo is not installed' : undefined,
    takes: 'all',
    async get(repo, revision, person) {
      const info = await probe(flavour, ['info', repo, revision], person);
      if ('error' in info) return { ok: false, files: {}, seen: info.error };
      let failed: string | undefined;
      for (const path of (info.value as { siblings: string[] }).siblings) {
        const file = await probe(flavour, ['get', repo, revision, path], person);
        if ('error' in file) failed = file.error;
      }
      const files = await cachedFiles(join(person.home, 'hub'), 'models', repo);
      return { ok: failed === undefined, files, seen: failed ?? '' };
    },
    refused: [status('403')],
    gone: [status('502')],
    revoked: [status('404')],
    waiting: [status('503')],
    patient: false,
  };
}

async function probe(flavour: string, [call = '', ...args]: string[], person: ClientOptions) {
  const result = await run(inject('rust') ?? '', [flavour, call, ...args], clientOptions(person));
  const last = result.stdout.trim().split('\n').at(-1) ?? '';
  if (!last.startsWith('{')) throw new Error(`hf-hub ended with ${result.status}: ${result.output}`);
  return JSON.parse(last) as { value: unknown } | { error: string };
}
