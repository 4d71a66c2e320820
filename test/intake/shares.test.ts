// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import type { Source } from '#src/domain/manifest.ts';
import { type FetchDeps, fetchAll } from '#src/intake/fetch-all.ts';
import { createLedger } from '#src/intake/ledger.ts';
import { createQuarantine } from '#src/intake/quarantine.ts';
import { openFolder } from '#src/store/folder.ts';
import { FolderBlobStore } from '#src/store/folder-blob-store.ts';
import { addBig, addLicensed, addTiny } from '#test/fake-hub/repos.ts';
import { useTemp } from '#test/support/temp.ts';
import { until } from '#test/support/until.ts';
import { clientOf, codeOf, fileOf, resolve } from '#test/upstream/client.ts';
import { repo, revisionOf } from './house.ts';
import { approved, refused, useHouse } from './use-house.ts';

// What intakes that run at the same time may take from each other: neither all places nor all of the disk.
const rig = useHouse();
const temp = useTemp();
const MIB = 2 ** 20;
const WEIGHTS = 'model.safetensors';

it('a small model does not wait for the files of a large one', async () => {
  addBig(rig.hub, 4);
  addTiny(rig.hub);
  rig.hub.faults.add({ fault: 'stall', class: 'cdn', repo: 'acme/big-4', at: MIB });
  const upstream = { requestTimeoutSeconds: 60, stallSeconds: 60, tries: 5 };
  const house = await rig.open({ config: { upstream, intake: { files: 1, minFreeBytes: '1 MiB' } } });
  const large = house.intakes.request(repo('acme/big-4'), revisionOf('main'));
  await until('the large one downloads', () => large.progress().bytesDone > MIB / 2);
  approved(await house.ask('acme/tiny'));
  expect(house.intakes.running().map(({ stage }) => stage)).toEqual(['fetching']);
});

it('what the first gates refuse does not wait for the downloads of others; what they let in does', async () => {
  addBig(rig.hub, 4);
  addTiny(rig.hub);
  addLicensed(rig.hub, 'cc-by-nc-4.0', 'acme/nc');
  rig.hub.faults.add({ fault: 'stall', class: 'cdn', repo: 'acme/big-4', at: MIB });
  const upstream = { requestTimeoutSeconds: 60, stallSeconds: 60, tries: 5 };
  const house = await rig.open({ config: { upstream, intake: { concurrent: 1, minFreeBytes: '1 MiB' } } });
  const large = house.intakes.request(repo('acme/big-4'), revisionOf('main'));
  await until('the large one downloads', () => large.progress().bytesDone > MIB / 2);
  const small = house.intakes.request(repo('acme/tiny'), revisionOf('main'));
  expect(refused(await house.ask('acme/nc')).outcome).toBe('denied');
  await until('the small one waits', () => small.progress().filesTotal > 0 && small.progress().stage === 'queued');
  expect(house.intakes.running().map(({ stage }) => stage)).toEqual(['fetching', 'queued']);
  expect(rig.hub.stats.sent('acme/tiny/model.safetensors')).toBe(0);
});

it('one intake keeps to its number of downloads', async () => {
  const shards = Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`w${i}.json`, `{"shard": ${i}}`]));
  rig.hub.repo('acme/shards').commit(shards);
  const { deps, source } = await roomOf('acme/shards', 10 * MIB);
  const files = [];
  for await (const file of deps.upstream.list(source)) files.push(file);
  let [now, most] = [0, 0];
  const open: FetchDeps['upstream']['open'] = async (...asked) => {
    most = Math.max(most, ++now);
    const download = await deps.upstream.open(...asked);
    // Whichever comes first: the next download may begin between the two.
    let running = true;
    const ended = () => {
      if (running) now--;
      running = false;
    };
    download.body.once('end', ended).once('close', ended);
    return download;
  };
  const folder = await deps.quarantine.open(source.repo, source.commit);
  const counted = { ...deps, upstream: { ...deps.upstream, open } };
  expect(await fetchAll(counted, source, files, folder, UNCOUNTED, never)).toHaveLength(6);
  expect(most).toBe(2);
});

it('the room that a running download still needs is nobody else’s, and is given back however it ends', async () => {
  addBig(rig.hub, 3);
  addBig(rig.hub, 4);
  const { deps, source } = await roomOf('acme/big-3', 5 * MIB);
  const other = await resolve(deps.upstream, 'acme/big-4');
  const fetch = async (from: Source) => {
    const file = await fileOf(deps.upstream, from, WEIGHTS);
    const folder = await deps.quarantine.open(from.repo, from.commit);
    return fetchAll(deps, from, [file], folder, UNCOUNTED, never);
  };
  rig.hub.faults.add({ fault: 'stall', class: 'cdn', at: 1000, repo: 'acme/big-3', times: 2 });
  const failing = codeOf(fetch(source));
  await until('the first one downloads', () => rig.hub.stats.sent('acme/big-3') > 0);
  expect(await codeOf(fetch(other))).toBe('store-full');
  expect(await failing).toBe('upstream-timeout');
  expect(await fetch(other)).toHaveLength(1);
  expect(await fetch(source)).toHaveLength(1);
});

const never = new AbortController().signal;
const UNCOUNTED = { bytes: () => {}, fileDone: () => {} };

/** What one run needs to fetch, on a disk that always says that so much is free. */
async function roomOf(id: string, free: number): Promise<{ deps: FetchDeps; source: Source }> {
  const folder = await temp('room');
  const upstream = clientOf(rig.hub.url, { stallSeconds: 1, requestTimeoutSeconds: 1 });
  const deps: FetchDeps = {
    upstream,
    blobs: new FolderBlobStore(await openFolder(folder, { create: true })),
    quarantine: { ...createQuarantine(`${folder}/quarantine`), ...createLedger(async () => free) },
    downloads: { concurrency: 2 },
    tries: 2,
    minFreeBytes: 0,
    log: { error: () => {} },
  };
  return { deps, source: await resolve(upstream, id) };
}
