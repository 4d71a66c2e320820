// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, HUB_VERSIONS, probe, type Snapshot } from '#test/support/clients.ts';
import { asListing, listingOf } from '#test/support/listing.ts';
import { useTemp } from '#test/support/temp.ts';
import { addOddNames, addTiny } from './repos.ts';
import { type FakeHub, startFakeHub } from './server.ts';

const temp = useTemp();
let hub: FakeHub;
beforeAll(async () => {
  hub = await startFakeHub();
  addTiny(hub);
  addOddNames(hub);
});
afterAll(() => hub.stop());

describe.each(HUB_VERSIONS)('huggingface_hub %s, with no mirror between', (version) => {
  // What the hub says of Xet is a signal with nothing behind it: only a mirror that hides it can be used without this.
  const env = { HF_HUB_DISABLE_XET: '1' };
  const person = async () => ({ endpoint: hub.url, home: await temp('home'), env });

  it.each(['acme/tiny', 'acme/odd'])('downloads %s', async (repo_id) => {
    const got = await call<Snapshot>(version, 'snapshot', { repo_id }, await person());
    const promised = await listingOf(hub.url, repo_id);
    expect(asListing(got.files, promised)).toEqual(promised);
  });

  it('is told what does not exist', async () => {
    const raised = async (args: object) => {
      const answer = await probe(version, 'file', { repo_id: 'acme/tiny', filename: 'a', ...args }, await person());
      return 'error' in answer ? answer.error : 'nothing';
    };
    expect(await raised({ revision: 'nope' })).toBe('RevisionNotFoundError');
    expect(await raised({})).toMatch(/EntryNotFoundError$/);
  });

  // Version 0.23 knows nothing of Xet.
  it.skipIf(version === '0.23')(
    'without that setting follows the Xet signal and fails: a leak is noticed',
    async () => {
      const somebody = { ...(await person()), env: {} };
      const answer = await probe(version, 'file', { repo_id: 'acme/tiny', filename: 'model.safetensors' }, somebody);
      expect(answer).toHaveProperty('error');
      expect(hub.stats.log.at(-1)?.url).toContain('xet-read-token');
    },
  );
});
