// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { parseRepo } from '#src/domain/repo.ts';
import { addDataset, addMany, addOddNames, addTiny } from '#test/fake-hub/repos.ts';
import { clientOf, codeOf, errorOf, fileOf, listAll, resolve, sha256From, useHub } from './client.ts';

const at = useHub();
const TOKEN = `hf_${'t'.repeat(34)}`;

describe('resolve', () => {
  it('says which commit a branch, a tag, a pull request, a sha and a short sha are', async () => {
    const repo = addTiny(at.hub);
    const upstream = clientOf(at.hub.url);
    const head = repo.head().id;
    const first = repo.head('old').id;
    expect(head).not.toBe(first);
    const commits = [
      ['main', head],
      ['HEAD', head],
      ['old', first],
      ['v1.0', first],
      ['refs/pr/1', first],
      [head, head],
      [first.slice(0, 8), first],
    ];
    for (const [revision, commit] of commits)
      expect((await resolve(upstream, 'acme/tiny', revision)).commit, revision).toBe(commit);
  });

  it('says whether a repo is gated or private, and when it changed', async () => {
    const repo = addTiny(at.hub);
    const upstream = clientOf(at.hub.url);
    expect(await resolve(upstream, 'acme/tiny')).toMatchObject({ gated: false, private: false });
    repo.gated = 'manual';
    const source = await resolve(upstream, 'acme/tiny');
    expect(source).toMatchObject({ gated: true, private: false, repo: { kind: 'models', id: 'acme/tiny' } });
    expect(source.lastModified).toBe(repo.head().date);
  });

  it('gives a renamed repo its new name, whose files can then be had', async () => {
    addTiny(at.hub);
    at.hub.rename('acme/tiny', 'newco/small');
    const upstream = clientOf(at.hub.url);
    const source = await resolve(upstream, 'acme/tiny');
    expect(source.repo.id).toBe('newco/small');
    const file = await fileOf(upstream, source, 'model.safetensors');
    expect((await sha256From(upstream, source, file)).sha256).toBe(file.lfs?.sha256);
  });

  it('tells apart what can not be had, and why', async () => {
    addTiny(at.hub);
    at.hub.accounts.add(TOKEN);
    const anonymous = clientOf(at.hub.url);
    const known = clientOf(at.hub.url, { token: TOKEN });
    const stale = clientOf(at.hub.url, { token: `hf_${'x'.repeat(34)}` });
    expect(await codeOf(resolve(anonymous, 'acme/none'))).toBe('upstream-repo-not-found');
    expect(await codeOf(resolve(known, 'acme/none'))).toBe('upstream-repo-not-found');
    expect(await codeOf(resolve(stale, 'acme/tiny'))).toBe('upstream-bad-token');
    expect(await codeOf(resolve(known, 'acme/tiny', 'no-such-branch'))).toBe('upstream-revision-not-found');
  });

  it('shows a private repo to the token that may see it, and to no other', async () => {
    const repo = addTiny(at.hub);
    repo.private = true;
    repo.grants.add(TOKEN);
    at.hub.accounts.add(TOKEN);
    expect(await codeOf(resolve(clientOf(at.hub.url), 'acme/tiny'))).toBe('upstream-repo-not-found');
    expect((await resolve(clientOf(at.hub.url, { token: TOKEN }), 'acme/tiny')).private).toBe(true);
  });
});

describe('list', () => {
  it('reads every page, whatever its size', async () => {
    const repo = addMany(at.hub, 350);
    at.hub.pageSize = 7;
    const upstream = clientOf(at.hub.url);
    const files = await listAll(upstream, await resolve(upstream, 'acme/many'));
    expect(files.map(({ path }) => String(path)).sort()).toEqual([...repo.head().files.keys()].sort());
    expect(at.hub.stats.count('tree')).toBeGreaterThan(50);
  });

  it('gives sizes and digests as the hub promises them', async () => {
    const repo = addTiny(at.hub);
    const upstream = clientOf(at.hub.url);
    for (const file of await listAll(upstream, await resolve(upstream, 'acme/tiny'))) {
      const { oid, lfs, content } = repo.file(file.path);
      const promised = lfs ? { lfs: { sha256: content.sha256, pointerSize: lfs.pointer.length } } : {};
      expect(file).toEqual({ path: file.path, size: content.size, gitOid: oid, ...promised });
    }
  });
});

describe('refs', () => {
  it('lists branches, tags and the rest by what they are', async () => {
    const repo = addTiny(at.hub);
    repo.otherRefs.set('refs/convert/parquet', repo.head().id);
    repo.branches.set('bad..name', repo.head().id);
    const refs = await clientOf(at.hub.url).refs(parseRepo('models', 'acme/tiny'));
    const first = repo.head('old').id;
    expect(refs).toContainEqual({ kind: 'tag', name: 'v1.0', commit: first });
    expect(refs).toContainEqual({ kind: 'branch', name: 'old', commit: first });
    expect(refs).toContainEqual({ kind: 'convert', name: 'refs/convert/parquet', commit: repo.head().id });
    // A name that no client may ask for is left out; the others are not lost with it.
    expect(refs.map(({ name }) => String(name))).not.toContain('bad..name');
  });
});

describe('open', () => {
  it('follows both shapes of redirect to the right bytes', async () => {
    const repo = addTiny(at.hub);
    const upstream = clientOf(at.hub.url);
    const source = await resolve(upstream, 'acme/tiny');
    for (const path of ['config.json', 'model.safetensors', 'sub/with space and ü.txt', 'empty.txt']) {
      const got = await sha256From(upstream, source, await fileOf(upstream, source, path));
      expect(got, path).toMatchObject({ start: 0, sha256: repo.file(path).content.sha256 });
    }
    expect(at.hub.stats.count('cdn')).toBe(1);
    expect(at.hub.stats.count('resolve-cache')).toBe(3);
  });

  it('finds files whatever characters their names have, and those of datasets', async () => {
    addOddNames(at.hub);
    addDataset(at.hub);
    const upstream = clientOf(at.hub.url);
    const odd = await resolve(upstream, 'acme/odd');
    const data = await upstream.resolve(parseRepo('datasets', 'acme/tiny-data'), {
      type: 'commit',
      commit: commitOf(),
    });
    for (const source of [odd, data])
      for (const file of await listAll(upstream, source)) {
        const content = at.hub.repo(source.repo.id, kindOf(source)).file(file.path).content;
        expect((await sha256From(upstream, source, file)).sha256, file.path).toBe(content.sha256);
      }
  });

  it('continues from an offset', async () => {
    addTiny(at.hub);
    const upstream = clientOf(at.hub.url);
    const source = await resolve(upstream, 'acme/tiny');
    for (const path of ['config.json', 'model.safetensors']) {
      const file = await fileOf(upstream, source, path);
      expect(await sha256From(upstream, source, file, 10)).toMatchObject({ start: 10, size: file.size - 10 });
    }
  });

  it('says that a file is not there, and that a gated one is closed', async () => {
    const repo = addTiny(at.hub);
    const upstream = clientOf(at.hub.url);
    const source = await resolve(upstream, 'acme/tiny');
    const file = await fileOf(upstream, source, 'config.json');
    const gone = { ...file, path: `${file.path}.gone` as typeof file.path };
    expect(await codeOf(sha256From(upstream, source, gone))).toBe('upstream-entry-not-found');
    repo.gated = 'auto';
    expect(await codeOf(sha256From(upstream, source, file))).toBe('upstream-gated');
  });
});

it('an object that the CDN does not give is upstream’s failure, and no word on the repo', async () => {
  addTiny(at.hub);
  const upstream = clientOf(at.hub.url);
  const source = await resolve(upstream, 'acme/tiny');
  const file = await fileOf(upstream, source, 'model.safetensors');
  for (const status of [400, 401, 403, 404, 416]) {
    at.hub.faults.clear();
    at.hub.faults.add({ fault: 'status', class: 'cdn', status });
    expect(await codeOf(sha256From(upstream, source, file)), String(status)).toBe('upstream-unavailable');
  }
});

describe('the service token', () => {
  it('goes to the hub with every request, and never to another host', async () => {
    const repo = addTiny(at.hub);
    repo.gated = 'manual';
    repo.grants.add(TOKEN);
    at.hub.accounts.add(TOKEN);
    const upstream = clientOf(at.hub.url, { token: TOKEN });
    const source = await resolve(upstream, 'acme/tiny');
    for (const file of await listAll(upstream, source)) await sha256From(upstream, source, file);
    await upstream.refs(source.repo);
    for (const row of at.hub.stats.log)
      expect(row.headers.authorization, `${row.class} ${row.url}`).toBe(
        row.class === 'cdn' ? undefined : `Bearer ${TOKEN}`,
      );
    expect(at.hub.stats.count('cdn')).toBeGreaterThan(0);
  });

  it('is in no error, and neither is a signed address', async () => {
    addTiny(at.hub);
    at.hub.accounts.add(TOKEN);
    const upstream = clientOf(at.hub.url, { token: TOKEN });
    const source = await resolve(upstream, 'acme/tiny');
    const file = await fileOf(upstream, source, 'model.safetensors');
    at.hub.faults.add({ fault: 'status', class: 'cdn', status: 403 });
    const error = await errorOf(sha256From(upstream, source, file));
    expect(error.subject).toMatchObject({ status: 403 });
    const said = `${JSON.stringify(error)} ${error.message} ${JSON.stringify(error.subject)} ${error.stack}`;
    expect(said).not.toContain(TOKEN);
    expect(said).not.toContain('X-Signature');
  });
});

function commitOf() {
  const { id } = at.hub.repo('acme/tiny-data', 'datasets').head();
  return id as Parameters<ReturnType<typeof clientOf>['open']>[0]['commit'];
}

function kindOf(source: { repo: { kind: string } }): 'models' | 'datasets' {
  return source.repo.kind === 'datasets' ? 'datasets' : 'models';
}
