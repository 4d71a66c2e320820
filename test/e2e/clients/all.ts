// SPDX-License-Identifier: Apache-2.0
import { addDataset, addHostile, addHostileDataset, addParquet, tokenizerFiles } from '#test/fake-hub/repos.ts';
import type { FakeHub } from '#test/fake-hub/server.ts';
import { safetensors } from '#test/fake-hub/weights.ts';
import type { Client } from './client.ts';
import { otherClients } from './others.ts';
import { pythonClients } from './python.ts';

export const CLIENTS: readonly Client[] = [...pythonClients, ...otherClients];

/** Each client has repos of its own: that nobody asked for before. */
export function repoOf(what: 'cold' | 'never-asked' | 'hostile' | 'slow' | 'slow-hostile', { name }: Client): string {
  return `acme/${what}-${name.replace(/[^a-z0-9]+/gi, '-').replace(/^-/, '')}`;
}

export function addRepo(hub: FakeHub, client: Client, what: Parameters<typeof repoOf>[0]): void {
  const id = repoOf(what, client);
  const hostile = what === 'hostile' || what === 'slow-hostile';
  if (client.kind === 'models') {
    if (hostile) addHostile(hub, id);
    // Weights of its own: what is in the store already is not fetched again, and would not be waited for.
    else hub.repo(id).commit({ ...plain(tokenizerFiles()), 'model.safetensors': safetensors(Buffer.from(id)) });
  } else if (hostile) addHostileDataset(hub, id);
  else if (client.takes.includes('data/train.csv')) addDataset(hub, id);
  else addParquet(hub, id);
}

/** hf-hub can not ask for a path that has to be escaped; the core suite does. */
function plain<T>(files: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(files).filter(([path]) => /^[\w./-]+$/.test(path)));
}
