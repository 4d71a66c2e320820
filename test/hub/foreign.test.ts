// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addTiny } from '#test/fake-hub/repos.ts';
import { type FakeHub, startFakeHub } from '#test/fake-hub/server.ts';
import { type House, openHouse, send } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';

const temp = useTemp();
let hub: FakeHub;
let house: House;
beforeAll(async () => {
  hub = await startFakeHub();
  addTiny(hub);
  house = await openHouse({ folder: await temp('foreign'), upstream: hub.url });
});
afterAll(async () => {
  await house.close();
  await hub.stop();
});

const HF = /HF_ENDPOINT=http:\/\/mirror\.test hf download acme\/tiny$/;
const CASES: [what: string, method: string, path: string, type: RegExp, says: RegExp][] = [
  ['git clone', 'GET', '/acme/tiny/info/refs?service=git-upload-pack', /^text\/plain/, HF],
  ['git clone of a .git address', 'GET', '/acme/tiny.git/info/refs?service=git-upload-pack', /^text\/plain/, HF],
  ['git over dumb HTTP', 'GET', '/acme/tiny/info/refs', /^text\/plain/, HF],
  ['git objects over dumb HTTP', 'GET', '/acme/tiny/objects/info/packs', /^text\/plain/, HF],
  ['git fetch', 'POST', '/acme/tiny/git-upload-pack', /^text\/plain/, HF],
  ['git clone of a dataset', 'GET', '/datasets/acme/tiny/info/refs', /^text\/plain/, /acme\/tiny --repo-type dataset$/],
  ['git clone of a legacy id', 'GET', '/gpt2/info/refs', /^text\/plain/, /hf download gpt2$/],
  ['git clone of no repo', 'GET', '/..%2f/x/info/refs', /^text\/plain/, /hf download ORG\/NAME$/],
  ['git push', 'GET', '/acme/tiny/info/refs?service=git-receive-pack', /^text\/plain/, /read-only mirror/],
  ['git push, second call', 'POST', '/acme/tiny/git-receive-pack', /^text\/plain/, /read-only mirror/],
  ['git-lfs', 'POST', '/acme/tiny.git/info/lfs/objects/batch', /^application\/vnd\.git-lfs\+json$/, HF],
  ['git-lfs locks', 'GET', '/acme/tiny.git/info/lfs/locks', /^application\/vnd\.git-lfs\+json$/, HF],
  ['ollama', 'GET', '/v2/acme/tiny/manifests/Q4_K_M', /^text\/plain/, /ollama create/],
  ['a container engine', 'GET', '/v2/', /^text\/plain/, /no registry of ollama or containers.*ORG\/NAME/],
  ['buckets', 'GET', '/api/buckets/acme/data', /^application\/json/, /no buckets.*without HF_ENDPOINT/],
  ['files of buckets', 'GET', '/buckets/acme/data/resolve/x', /^application\/json/, /no buckets/],
  ['jobs', 'POST', '/api/jobs/acme', /^application\/json/, /no jobs/],
  ['collections', 'GET', '/api/collections/acme/x', /^application\/json/, /no collections/],
  ['creating a repo', 'POST', '/api/repos/create', /^application\/json/, /read-only mirror/],
  ['an upload', 'POST', '/api/models/acme/tiny/commit/main', /^application\/json/, /read-only mirror/],
  ['the upload of a large file', 'POST', '/api/models/acme/tiny/preupload/main', /^application\/json/, /read-only/],
  ['a Xet write', 'GET', '/api/models/acme/tiny/xet-write-token/main', /^application\/json/, /read-only mirror/],
];

describe.each(CASES)('%s', (_, method, path, type, says) => {
  it('is a 403 in the form that its client prints, and asks upstream for nothing', async () => {
    const before = hub.stats.requests;
    const answer = await send(house, path, { method });
    expect(answer.status).toBe(403);
    expect(answer.headers.get('content-type')).toMatch(type);
    const text = await answer.text();
    const shown = type.test('text/plain') ? text.trimEnd() : (JSON.parse(text).message ?? JSON.parse(text).error);
    expect(shown).toMatch(says);
    expect(shown).toMatch(/^\[airlock\] [\x20-\x7e]{10,700}$/);
    expect(answer.headers.get('x-error-message')).toBe(shown);
    expect(answer.headers.get('x-error-code')).toBeNull();
    expect(answer.headers.get('www-authenticate')).toBeNull();
    expect(hub.stats.requests).toBe(before);
  });
});

it('a file of a repo may be called as a call of git is', async () => {
  for (const path of ['/acme/tiny/resolve/main/info/refs', '/acme/tiny/raw/main/objects/info'])
    expect((await send(house, path)).headers.get('x-error-code')).toBe('EntryNotFound');
});
