// SPDX-License-Identifier: Apache-2.0
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { addTiny, tinyFiles } from '#test/fake-hub/repos.ts';
import { call, HUB_VERSIONS, hf, type Snapshot } from '#test/support/clients.ts';
import { asListing, listingOf } from '#test/support/listing.ts';
import { useWorld } from '#test/support/world.ts';

const KINDS = { space: 'spaces', kernel: 'kernels', dataset: 'datasets' } as const;
const world = useWorld({
  repos: (hub) => {
    for (const kind of Object.values(KINDS)) hub.repo('acme/tiny', kind).commit(tinyFiles());
    addTiny(hub, 'gpt2');
    addTiny(hub, 'acme/old');
    hub.rename('acme/old', 'new-home/renamed');
    const refs = addTiny(hub, 'acme/refs');
    const { id } = refs.head();
    refs.otherRefs.set('refs/pr/1', id);
    refs.otherRefs.set('refs/convert/parquet', id);
  },
});

describe.each(Object.entries(KINDS))('a %s', (type, kind) => {
  it('is downloaded by the hf command, cold and then without upstream', async () => {
    for (const round of ['cold', 'warm']) {
      const before = world.hub.stats.requests;
      const somebody = await world.person();
      const result = await hf('2.4', ['download', 'acme/tiny', '--repo-type', type], somebody);
      expect(result.status, result.output).toBe(0);
      const snapshots = join(somebody.home, 'hub', `${kind}--acme--tiny`, 'snapshots');
      expect(await readdir(snapshots)).toEqual([world.hub.repo('acme/tiny', kind).head().id]);
      if (round === 'warm') expect(world.hub.stats.requests).toBe(before);
    }
  });
});

describe.each(HUB_VERSIONS)('huggingface_hub %s', (version) => {
  it('downloads a repo of one segment, and one by the name that it had before', async () => {
    for (const [repo, name] of [
      ['gpt2', 'gpt2'],
      ['acme/old', 'new-home/renamed'],
    ] as const) {
      const got = await call<Snapshot>(version, 'snapshot', { repo_id: repo }, await world.person());
      const promised = await listingOf(world.hub.url, name);
      expect(asListing(got.files, promised)).toEqual(promised);
    }
  });

  it('downloads by a pull request, a conversion and a short commit', async () => {
    const { id } = world.hub.repo('acme/refs').head();
    for (const revision of ['refs/pr/1', 'refs/convert/parquet', id.slice(0, 8)]) {
      const got = await call<Snapshot>(version, 'snapshot', { repo_id: 'acme/refs', revision }, await world.person());
      expect(got.commit).toBe(id);
    }
  });
});
