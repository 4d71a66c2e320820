// SPDX-License-Identifier: Apache-2.0
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleKey } from '#src/catalog/keys.ts';
import { parseRepo, type Repo } from '#src/domain/repo.ts';
import { createListing, type ListQuery } from '#src/hub/listing/listing.ts';
import { createPrebuilt } from '#src/hub/prebuilt.ts';
import { ann, append, commitOf, model } from '#test/catalog/drafts.ts';
import { type House, openHouse, send } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';
import { type Published, publishFiles } from './published.ts';
import { safetensors } from './weights.ts';

const temp = useTemp();
const houses: House[] = [];
let house: House;

async function open(folder: string, indexFile?: string): Promise<House> {
  const opened = await openHouse({ folder, upstream: 'http://127.0.0.1:9', ...(indexFile ? { indexFile } : {}) });
  houses.push(opened);
  return opened;
}

const card = (yaml: string) => `---\n${yaml}\n---\n`;
const [A, B] = [commitOf('a'), commitOf('b')];
const dataset = (id: string) => parseRepo('datasets', id);

const ANY: ListQuery['search'] = {
  ...{ terms: [], tags: [], libraries: [], nothing: false },
  ...{ author: undefined, pipeline: undefined, parameters: undefined },
};

/** Name, day of the last change, and what its files say. */
const MODELS: readonly [id: string, day: number, files: Published['files']][] = [
  [
    'acme/bert-base',
    3,
    {
      'README.md': card('license: mit\nlanguage: en\nlibrary_name: transformers'),
      'config.json': '{"model_type":"bert","architectures":["BertForMaskedLM"]}',
      'model.safetensors': safetensors({ w: ['F32', [1000, 1000]] }),
    },
  ],
  [
    'acme/llama',
    1,
    {
      'README.md': card('license: apache-2.0\ntags: [Chat]'),
      'config.json': '{"model_type":"llama","architectures":["LlamaForCausalLM"]}',
      'model.safetensors': safetensors({ w: ['BF16', [7000, 1000, 1000]] }),
    },
  ],
  ['other/bert-large', 2, { 'README.md': card('license: mit\npipeline_tag: fill-mask') }],
  ['legacy', 4, { 'README.md': card('license: mit\ntags: [x]') }],
];

beforeAll(async () => {
  house = await open(await temp('listing'));
  for (const [id, day, files] of MODELS)
    await publishFiles(house, model(id), {
      commit: A,
      files,
      lastModified: `2026-02-0${day}T00:00:00.000Z`,
      createdAt: `2025-02-0${5 - day}T00:00:00.000Z`,
    });
  await publishFiles(house, dataset('acme/words'), {
    commit: A,
    files: { 'README.md': card('language: [en, fr]\nlicense: mit\ntask_categories: [question-answering]') },
  });
  await publishFiles(house, parseRepo('spaces', 'acme/demo'), {
    commit: A,
    files: { 'README.md': card('sdk: gradio\nmodels: [acme/llama]') },
  });
});
afterAll(async () => {
  for (const opened of houses) await opened.close();
});

type Item = Record<string, unknown> & { id: string };

async function list(path: string, at: House = house): Promise<{ status: number; headers: Headers; items: Item[] }> {
  const answer = await send(at, path);
  return { status: answer.status, headers: answer.headers, items: (await answer.json()) as Item[] };
}

async function ids(path: string, at: House = house): Promise<string[]> {
  const { status, items, headers } = await list(path, at);
  expect([path, status, headers.get('x-hf-warning')]).toEqual([path, 200, null]);
  return items.map(({ id }) => id);
}

const words = (count: number) => Array.from({ length: count }, (_, i) => `w${i}`).join(',');

describe('a list', () => {
  it('holds what is approved here, the last change first', async () => {
    expect(await ids('/api/models')).toEqual(['legacy', 'acme/bert-base', 'other/bert-large', 'acme/llama']);
    expect(await ids('/api/datasets')).toEqual(['acme/words']);
    expect(await ids('/api/spaces/')).toEqual(['acme/demo']);
    expect(await ids('/api/kernels')).toEqual([]);
  });

  it.each([
    ['search=bert', ['acme/bert-base', 'other/bert-large']],
    ['search=BERT%20base', ['acme/bert-base']],
    ['search=bert&search=large', ['other/bert-large']],
    ['search=other/', ['other/bert-large']],
    // The same word many times is one.
    [`search=${'large%20'.repeat(100)}`, ['other/bert-large']],
    ['search=nothing-like-it', []],
    ['author=acme', ['acme/bert-base', 'acme/llama']],
    ['author=ACME&search=llama', ['acme/llama']],
    ['author=acm', []],
    ['author=legacy', []],
    ['filter=license:mit', ['legacy', 'acme/bert-base', 'other/bert-large']],
    ['filter=license:mit&filter=bert', ['acme/bert-base']],
    ['filter=license:mit,bert', ['acme/bert-base']],
    ['filter[]=chat', ['acme/llama']],
    ['filter=safetensors', ['acme/bert-base', 'acme/llama']],
    ['tags=en', ['acme/bert-base']],
    ['pipeline_tag=fill-mask', ['acme/bert-base', 'other/bert-large']],
    ['pipeline_tag=text-generation', ['acme/llama']],
    ['library=transformers', ['acme/bert-base', 'acme/llama']],
    ['num_parameters=min:1B', ['acme/llama']],
    ['num_parameters=min:0.5M,max:2M', ['acme/bert-base']],
    ['gated=true', []],
    ['gated=False&author=acme', ['acme/bert-base', 'acme/llama']],
    ['inference=warm', []],
    ['inference_provider=all', []],
    ['sort=createdAt', ['acme/llama', 'other/bert-large', 'acme/bert-base', 'legacy']],
    ['sort=created_at&direction=1', ['legacy', 'acme/bert-base', 'other/bert-large', 'acme/llama']],
    ['sort=id', ['acme/bert-base', 'acme/llama', 'legacy', 'other/bert-large']],
    ['sort=downloads&direction=-1&limit=2', ['legacy', 'acme/bert-base']],
    ['sort=num_parameters', ['acme/llama', 'acme/bert-base', 'legacy', 'other/bert-large']],
    ['limit=1', ['legacy']],
    ['unknown=x&expand=', ['legacy', 'acme/bert-base', 'other/bert-large', 'acme/llama']],
  ])('of models by %s is %j', async (query, expected) => {
    expect(await ids(`/api/models?${query}`)).toEqual(expected);
  });

  it.each([
    ['language:en', ['acme/words']],
    ['task_categories:question-answering', ['acme/words']],
    ['language:de', []],
  ])('of datasets is filtered by %s', async (filter, expected) => {
    expect(await ids(`/api/datasets?filter=${filter}`)).toEqual(expected);
  });

  it.each([
    ...['limit=0', 'limit=x', 'sort=size', 'direction=up', 'num_parameters=many', 'num_parameters=', 'apps=ollama'],
    ...[
      `search=${words(11).replaceAll(',', '+')}`,
      `filter=${words(11)}`,
      `tags=${words(6)}&filter=x,y,z,1,2`,
      `library=${words(11)}`,
    ],
    ...['cursor=x', 'cursor=', `cursor=${Buffer.from('["models","id","x","y","z"]').toString('base64url')}`],
  ])('is refused for %s, with what to do', async (query) => {
    const answer = await send(house, `/api/models?${query}`);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('x-error-message')).toMatch(/^\[airlock\] /);
  });

  it.each(['', '&sort=id', '&sort=createdAt&direction=1', '&sort=num_parameters', '&filter=license:mit&expand=tags'])(
    'comes in pages that hold each repo once%s',
    async (query) => {
      const whole = (await list(`/api/models?limit=100${query}`)).items;
      const found: Item[] = [];
      for (let next: string | undefined = `/api/models?limit=1${query}`; next; ) {
        const { headers, items } = await list(next);
        expect(items).toHaveLength(1);
        found.push(...items);
        const link: string | null = headers.get('link');
        const url: string | undefined = /^<(https?:[/][/][^>]+)>;\s+rel="next"$/.exec(link ?? '')?.[1];
        expect(url === undefined).toBe(link === null);
        next = url?.slice('http://mirror.test'.length);
      }
      expect(found).toEqual(whole);
    },
  );

  it('has in each item what model_info says, and what is asked for', async () => {
    const one = async (query: string) => (await list(`/api/models?search=bert-base${query}`)).items[0];
    const info = (await (await send(house, '/api/models/acme/bert-base')).json()) as Item;
    const plain = await one('');
    expect(plain).toMatchObject({
      ...{ _id: info._id, id: 'acme/bert-base', modelId: 'acme/bert-base', author: 'acme', sha: A },
      ...{ tags: info.tags, pipeline_tag: 'fill-mask', library_name: 'transformers', private: false, likes: 0 },
    });
    for (const key of ['siblings', 'cardData', 'config', 'securityRepoStatus']) expect(plain).not.toHaveProperty(key);
    expect(await one('&full=true')).toMatchObject({ siblings: info.siblings });
    expect(await one('&cardData=True&config=True')).toMatchObject({ cardData: info.cardData, config: info.config });
    expect(await one('&securityStatus=true')).toHaveProperty('securityRepoStatus.scansDone', true);
    expect(await one('&blobs=true')).toHaveProperty('siblings.0.blobId');
    expect(Object.keys((await one('&expand=sha&expand=safetensors')) ?? {})).toEqual([
      '_id',
      'id',
      'safetensors',
      'sha',
    ]);
    expect((await list('/api/spaces?full=true')).items[0]).toMatchObject({ sdk: 'gradio', models: ['acme/llama'] });
    expect((await list('/api/datasets?full=true')).items[0]).toHaveProperty('cardData.license', 'mit');
  });

  it('HEAD says what GET says', async () => {
    const [get, asked] = [await send(house, '/api/models'), await send(house, '/api/models', { method: 'HEAD' })];
    expect([asked.status, await asked.text()]).toEqual([200, '']);
    expect(asked.headers.get('content-length')).toBe(get.headers.get('content-length'));
  });
});

describe('what is decided', () => {
  let here: House;
  const repo = model('org/one');
  const files = { 'README.md': card('license: mit') };

  beforeAll(async () => {
    here = await open(await temp('decided'));
    await publishFiles(here, repo, { commit: A, files });
  });

  it('shows with the next request: a release, a revocation, a quarantine, and a release again', async () => {
    expect(await ids('/api/models', here)).toEqual(['org/one']);
    await publishFiles(here, model('org/two'), { commit: A, files });
    expect(await ids('/api/models?sort=id', here)).toEqual(['org/one', 'org/two']);
    await append(here, repo, 'revocation', A);
    await here.journal.append(model('org/two'), { type: 'quarantine', commit: A, rulesVersion: 'r' }, ann, () => true);
    expect(await ids('/api/models', here)).toEqual([]);
    await append(here, repo, 'approval', A);
    expect(await ids('/api/models', here)).toEqual([]);
    await publishFiles(here, repo, { commit: A, files });
    expect(await ids('/api/models', here)).toEqual(['org/one']);
  });

  it('is shown by the pin of the default branch, else by the newest approval', async () => {
    const moving = model('org/moving');
    await publishFiles(here, moving, { commit: A, files, pinned: false });
    const shaOf = async () => (await list('/api/models?search=moving', here)).items.map(({ sha }) => sha);
    expect(await shaOf()).toEqual([A]);
    await publishFiles(here, moving, { commit: B, files, pinned: false });
    expect(await shaOf()).toEqual([B]);
    await publishFiles(here, moving, { commit: A, files });
    expect(await shaOf()).toEqual([A]);
    // The branch is gone with its commit; what else is approved has no name.
    await append(here, moving, 'revocation', A);
    expect(await shaOf()).toEqual([]);
  });

  it('is seen by another replica as soon as its state is refreshed', async () => {
    const other = await open(here.options.folder, join(here.options.folder, 'other.sqlite'));
    const shared = model('org/shared');
    expect(await ids('/api/models?search=shared', other)).toEqual([]);
    await publishFiles(here, shared, { commit: A, files });
    other.clock.advance(10);
    expect(await ids('/api/models?search=shared', other)).toEqual(['org/shared']);
    await append(here, shared, 'revocation', A);
    other.clock.advance(10);
    expect(await ids('/api/models?search=shared', other)).toEqual([]);
  });

  it('that is closed under its own name upstream is not listed under another one', async () => {
    const [old, now] = [model('org/old-name'), model('org/new-name')];
    await publishFiles(here, now, { commit: A, files });
    await publishFiles(here, old, { commit: A, files, upstream: now });
    expect(await ids('/api/models?search=name&sort=id', here)).toEqual(['org/new-name', 'org/old-name']);
    await append(here, now, 'revocation', A);
    expect(await ids('/api/models?search=name', here)).toEqual([]);
  });
});

async function releaseOf(at: House, repo: Repo) {
  const found = await at.catalog.find(repo, { type: 'commit', commit: A });
  return found.type === 'release' ? found.release : undefined;
}

describe('the index', () => {
  it('spares a new process the reading of every card', async () => {
    const folder = await temp('restart');
    const first = await open(folder);
    for (const name of ['a', 'b', 'c'])
      await publishFiles(first, model(`org/${name}`), { commit: A, files: { 'README.md': card('license: mit') } });
    expect(await ids('/api/models?sort=id', first)).toEqual(['org/a', 'org/b', 'org/c']);
    const second = await open(folder);
    let described = 0;
    const prebuilt = createPrebuilt(second.blobs);
    const listing = createListing({
      ...{ catalog: second.catalog, journal: second.journal, remembered: second.index.listings, clock: second.clock },
      prebuilt: {
        ...prebuilt,
        describe: (release) => {
          described++;
          return prebuilt.describe(release);
        },
      },
      refreshSeconds: 5,
      log: { warn: (_, text) => expect.fail(text) },
    });
    const { items } = await listing.page('models', {
      search: { ...ANY, terms: ['/b'] },
      order: { key: 'id', descending: false },
      limit: 10,
      shape: { expand: [] },
      shows: () => true,
    });
    expect(JSON.parse(String(items[0]))).toMatchObject({ id: 'org/b' });
    // The one that is shown, and no other.
    expect(described).toBe(1);
  });

  it('that was edited hides, and shows nothing', async () => {
    const folder = await temp('edited');
    const first = await open(folder);
    const files = { 'README.md': card('license: cc-by-nc-4.0') };
    for (const name of ['a', 'b', 'revoked']) await publishFiles(first, model(`org/${name}`), { commit: A, files });
    await append(first, model('org/revoked'), 'revocation', A);
    expect(await ids('/api/models?sort=id', first)).toEqual(['org/a', 'org/b']);
    const rows = await first.index.listings.page('models', '', 10);
    const row = (repo: string) => rows.find((one) => one.repo === repo) ?? expect.fail(repo);
    const a = row('org/a');
    await first.index.listings.put([
      { ...a, body: a.body?.replaceAll('cc-by-nc-4.0', 'mit') ?? null },
      { ...row('org/revoked'), body: a.body },
      { ...a, repo: 'org/invented' },
      { ...a, repo: '../../etc' },
      { ...row('org/b'), body: '{"tags": 7}' },
    ]);
    const second = await open(folder);
    expect(await ids('/api/models?filter=license:mit', second)).toEqual([]);
    expect(await ids('/api/models?sort=id', second)).toEqual(['org/a', 'org/b']);
    expect(await ids('/api/models?filter=license:cc-by-nc-4.0&sort=id', second)).toEqual(['org/a', 'org/b']);
  });
});

describe('many and much', () => {
  it('a page ends early where cards are large, and the next one goes on', async () => {
    const here = await open(await temp('large'));
    const names = Array.from({ length: 50 }, (_, i) => `org/large-${String(i).padStart(2, '0')}`);
    for (const name of names)
      await publishFiles(here, model(name), {
        commit: A,
        files: { 'README.md': card(`license: mit\nabout: ${name} ${'x'.repeat(240_000)}`) },
      });
    const first = await list('/api/models?limit=1000&sort=id&cardData=true', here);
    expect(first.items.length).toBeGreaterThan(20);
    expect(first.items.length).toBeLessThan(50);
    const next = /<http:\/\/mirror\.test([^>]+)>/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
    const second = await list(next, here);
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(names);
    expect(second.headers.get('link')).toBeNull();
  });

  it('requests at the same time share one look at the journals', async () => {
    const here = await open(await temp('shared'));
    await publishFiles(here, model('org/one'), { commit: A, files: { 'README.md': card('license: mit') } });
    let looks = 0;
    const listing = createListing({
      ...{ journal: here.journal, remembered: here.index.listings, clock: here.clock },
      catalog: {
        ...here.catalog,
        journals: (kind) => {
          looks++;
          return here.catalog.journals(kind);
        },
      },
      prebuilt: createPrebuilt(here.blobs),
      refreshSeconds: 5,
      log: { warn: (_, text) => expect.fail(text) },
    });
    const query: ListQuery = {
      search: ANY,
      order: { key: 'id', descending: false },
      limit: 10,
      shape: { expand: [] },
      shows: () => true,
    };
    const pages = await Promise.all(Array.from({ length: 50 }, () => listing.page('models', query)));
    expect(pages.map(({ items }) => items.length)).toEqual(pages.map(() => 1));
    expect(looks).toBe(1);
  });
});

describe('a store that is away', () => {
  it('is a 503 and never an empty list, and the list is whole when it is back', async () => {
    const folder = await temp('away');
    const here = await open(folder);
    for (const name of ['a', 'b'])
      await publishFiles(here, model(`org/${name}`), { commit: A, files: { 'README.md': card('license: mit') } });
    expect(await ids('/api/models?sort=id', here)).toEqual(['org/a', 'org/b']);
    const stranger = await open(folder, join(folder, 'stranger.sqlite'));
    here.clock.advance(10);
    await rename(join(folder, 'store'), join(folder, 'gone'));
    // Also where nothing would be found, and to a process that has seen nothing yet.
    for (const at of [here, stranger])
      for (const path of ['/api/models', '/api/models?search=nothing']) {
        const answer = await send(at, path);
        expect([path, answer.status, answer.headers.get('retry-after')]).toEqual([path, 503, '10']);
      }
    await rename(join(folder, 'gone'), join(folder, 'store'));
    for (const at of [here, stranger]) expect(await ids('/api/models?sort=id', at)).toEqual(['org/a', 'org/b']);
  });
});

describe('a damaged record', () => {
  it('hides its own repo, is logged, and hides no other', async () => {
    const folder = await temp('damaged');
    const first = await open(folder);
    const files = { 'README.md': card('license: mit') };
    for (const name of ['a', 'b', 'c']) await publishFiles(first, model(`org/${name}`), { commit: A, files });
    const release = await releaseOf(first, model('org/b'));
    const key = release && bundleKey(release.repo, release.commit, release.digest);
    const file = join(folder, 'store', 'records', `${key}!`);
    await rm(file);
    await writeFile(file, '{}', { mode: 0o600 });
    const second = await open(folder);
    expect(await ids('/api/models?sort=id', second)).toEqual(['org/a', 'org/c']);
    expect(second.log.filter(({ msg }) => String(msg).includes('models/org/b is not listed'))).toHaveLength(1);
  });
});

describe('whatever is asked', () => {
  it('there is no 5xx', async () => {
    const name = fc.constantFrom(
      ...['search', 'author', 'filter', 'filter[]', 'tags', 'pipeline_tag', 'library', 'sort', 'direction', 'limit'],
      ...['cursor', 'full', 'config', 'cardData', 'gated', 'expand', 'blobs', 'securityStatus', 'num_parameters'],
      ...['__proto__', 'constructor', 'toString', 'x[y]'],
    );
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('true', '1', '-1', '', '%', '%ff', 'mit', 'acme', 'id', 'min:1', 'W10', '__proto__', ',,', '\0'),
    );
    const query = fc.array(fc.tuple(name, value, fc.boolean()), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(query, fc.constantFrom('models', 'datasets', 'spaces'), async (parts, kind) => {
        const text = parts.map(
          ([key, one, raw]) => `${key}=${raw ? one.replace(/[#\s]/g, '') : encodeURIComponent(one.toWellFormed())}`,
        );
        const answer = await send(house, `/api/${kind}?${text.join('&')}`);
        expect([200, 400]).toContain(answer.status);
        if (answer.status === 200) expect(Array.isArray(await answer.json())).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
