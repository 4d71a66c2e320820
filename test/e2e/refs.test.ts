// SPDX-License-Identifier: Apache-2.0
import { beforeAll, describe, expect, it } from 'vitest';
import { addDataset, addMany, addOddNames, addTiny, tinyFiles } from '#test/fake-hub/repos.ts';
import { call, HUB_VERSIONS, hf, type Snapshot } from '#test/support/clients.ts';
import { ask } from '#test/support/http.ts';
import { asListing, listingOf } from '#test/support/listing.ts';
import { useWorld } from '#test/support/world.ts';

/** Three pages. */
const FILES = 1200;
const FOLDERS = 51;

const world = useWorld({
  repos: (hub) => {
    for (const version of HUB_VERSIONS) addTiny(hub, `acme/refs-${version.replace('.', '-')}`);
    addTiny(hub, 'acme/moving');
    addMany(hub, FILES);
    hub.pageSize = 500;
    addOddNames(hub);
    addDataset(hub);
    hub.repo('acme/old-name').commit(tinyFiles());
    hub.rename('acme/old-name', 'acme/new-name');
  },
});

describe.each(HUB_VERSIONS)('huggingface_hub %s', (version) => {
  const repo_id = `acme/refs-${version.replace('.', '-')}`;
  const snapshot = async (args: object) =>
    call<Snapshot>(version, 'snapshot', { repo_id, ...args }, await world.person());

  it('downloads a branch, a tag, a commit and a pull request, each as upstream has it', async () => {
    const repo = world.hub.repo(repo_id);
    const [old, head] = [repo.head('old').id, repo.head().id];
    const wanted = { old, 'v1.0': old, [old]: old, 'refs/pr/1': old, main: head, [head]: head };
    for (const [revision, commit] of Object.entries(wanted)) {
      const got = await snapshot({ revision });
      const promised = await listingOf(world.hub.url, repo_id, commit);
      expect(asListing(got.files, promised), revision).toEqual(promised);
      expect(got.commit, revision).toBe(commit);
    }
  });

  it('downloads a folder alone, and only chosen files into a local folder', async () => {
    const folder = await snapshot({ allow_patterns: 'sub/*' });
    expect(Object.keys(folder.files).sort()).toEqual(
      Object.keys(tinyFiles())
        .filter((path) => path.startsWith('sub/'))
        .sort(),
    );
    const somebody = await world.person();
    const target = await world.temp('local');
    const result = await hf(version, ['download', repo_id, '--include', '*.json', '--local-dir', target], somebody);
    expect(result.status, result.output).toBe(0);
    expect((await call<Snapshot>(version, 'snapshot', { repo_id, local_dir: target }, somebody)).files).toHaveProperty([
      'sub/deeper/more.json',
    ]);
  });

  it('sees refs as pins: the commits that are approved here', async () => {
    const refs = await call<Record<string, Record<string, string>>>(version, 'refs', { repo_id }, await world.person());
    const repo = world.hub.repo(repo_id);
    expect(refs.branches).toMatchObject({ main: repo.head().id, old: repo.head('old').id });
    expect(refs.tags).toMatchObject({ 'v1.0': repo.head('old').id });
    expect(refs.converts).toEqual({});
  });

  it('downloads file names that are awkward in a URL', async () => {
    const got = await call<Snapshot>(version, 'snapshot', { repo_id: 'acme/odd' }, await world.person());
    const promised = await listingOf(world.hub.url, 'acme/odd');
    expect(asListing(got.files, promised)).toEqual(promised);
  });

  it('downloads a dataset', async () => {
    const args = { repo_id: 'acme/tiny-data', repo_type: 'dataset' };
    const got = await call<Snapshot>(version, 'snapshot', args, await world.person());
    const promised = await listingOf(world.hub.url, 'acme/tiny-data', 'main', 'datasets');
    expect(asListing(got.files, promised)).toEqual(promised);
  });

  it('downloads a model that was renamed upstream, under its old name and its new one', async () => {
    for (const repo of ['acme/old-name', 'acme/new-name']) {
      const got = await call<Snapshot>(version, 'snapshot', { repo_id: repo }, await world.person());
      expect(Object.keys(got.files).sort()).toEqual(Object.keys(tinyFiles()).sort());
    }
  });
});

describe('main is a pin', () => {
  let before: string;
  let after: string;
  beforeAll(async () => {
    const got = await call<Snapshot>('2.4', 'snapshot', { repo_id: 'acme/moving' }, await world.person());
    before = got.commit;
    after = world.hub.repo('acme/moving').move('main', { 'config.json': '{"moved": true}\n' });
  });

  it('stays on the approved commit when upstream moves its branch', async () => {
    for (const version of HUB_VERSIONS) {
      const got = await call<Snapshot>(version, 'snapshot', { repo_id: 'acme/moving' }, await world.person());
      expect(got.commit).toBe(before);
    }
    const resolved = await ask(world.mirror.url, '/acme/moving/resolve/main/config.json', { method: 'HEAD' });
    expect(resolved.headers['x-repo-commit']).toBe(before);
  });

  it('fetches the new commit for who asks for it by its sha, and leaves main alone', async () => {
    const args = { repo_id: 'acme/moving', revision: after };
    expect((await call<Snapshot>('2.4', 'snapshot', args, await world.person())).commit).toBe(after);
    const { sha } = await call<{ sha: string }>('2.4', 'info', { repo_id: 'acme/moving' }, await world.person());
    expect(sha).toBe(before);
  });
});

it('passes on a listing that upstream sends on three pages, complete and on one page', async () => {
  const promised = await listingOf(world.hub.url, 'acme/many');
  expect(Object.keys(promised)).toHaveLength(FILES);
  await call(
    '2.4',
    'file',
    { repo_id: 'acme/many', filename: 'README.md' },
    await world.person({ timeoutSeconds: 110 }),
  );
  expect(await listingOf(world.mirror.url, 'acme/many')).toEqual(promised);
  // llama.cpp reads the first page alone, and asks for no limit.
  const all = await ask(world.mirror.url, '/api/models/acme/many/tree/main?recursive=true');
  expect(JSON.parse(all.text)).toHaveLength(FILES + FOLDERS);
  expect(all.headers.link).toBeUndefined();
  // Who asks for pages gets them, and no link leads out of the mirror.
  const page = await ask(world.mirror.url, '/api/models/acme/many/tree/main?recursive=true&limit=1000');
  expect(JSON.parse(page.text)).toHaveLength(1000);
  expect(String(page.headers.link).startsWith(`<${world.mirror.url}/api/models/acme/many/tree/`)).toBe(true);
  const listed = await call<object>('2.4', 'tree', { repo_id: 'acme/many' }, await world.person());
  expect(Object.keys(listed)).toHaveLength(FILES);
});
