// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { addBig, addTiny } from '#test/fake-hub/repos.ts';
import { HUB_VERSIONS, type HubVersion, hf } from '#test/support/clients.ts';
import { filesBelow } from '#test/support/files.ts';
import { ask } from '#test/support/http.ts';
import { until } from '#test/support/until.ts';
import { useWorld } from '#test/support/world.ts';

const MIB = 2 ** 20;
const world = useWorld({
  repos: (hub) => {
    const wrong = HUB_VERSIONS.map((version) => `wrong-${version}`);
    for (const name of [...wrong, 'once', 'truncated', 'killed', 'stopped']) addBig(hub, 16, `acme/${name}`);
    addTiny(hub, 'acme/wrong-small');
    addTiny(hub, 'acme/control');
  },
});
beforeAll(async () => {
  expect((await hf('2.4', ['download', 'acme/control'], await world.person())).status).toBe(0);
});
afterEach(() => world.hub.faults.clear());

const weights = (name: string) => world.hub.repo(`acme/${name}`).file('model.safetensors').content;
const sent = (name: string) => world.hub.stats.sent(`acme/${name}/model.safetensors`);

async function downloads(name: string, version: HubVersion = '2.4') {
  return hf(version, ['download', `acme/${name}`, '--quiet'], await world.person());
}

async function expectRightWeights(name: string) {
  const answer = await ask(world.mirror.url, `/acme/${name}/resolve/main/model.safetensors`);
  expect(answer.status, answer.text.slice(0, 300)).toBe(200);
  expect(answer.body.equals(Buffer.concat([...weights(name).read(0, 16 * MIB)]))).toBe(true);
}

describe('a wrong byte from upstream', () => {
  it.each(HUB_VERSIONS)('is never served and never kept, and hf %s says that the digest is wrong', async (version) => {
    const name = `wrong-${version}`;
    world.hub.faults.add({ fault: 'wrong-byte', repo: `acme/${name}`, path: 'model.safetensors', at: 9_000_000 });
    const result = await downloads(name, version);
    expect(result.status, result.output).not.toBe(0);
    expect(result.output).toMatch(/digest|sha256/i);
    // Once more from scratch, then no more.
    expect(sent(name)).toBe(2 * 16 * MIB);
    for (const path of ['model.safetensors', 'config.json'])
      expect((await ask(world.mirror.url, `/acme/${name}/resolve/main/${path}`)).status).toBeGreaterThanOrEqual(400);
    const kept = await filesBelow(world.mirror.dataDir);
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.filter((file) => file.size === 16 * MIB && file.sha256 !== weights('once').sha256)).toEqual([]);
    await expectBlobsToBeTheirNames();
    await until('it is logged', () => world.mirror.logs().includes('digest-mismatch'));
  });

  it('in a small file is noticed by its git blob id', async () => {
    world.hub.faults.add({ fault: 'wrong-byte', repo: 'acme/wrong-small', path: 'config.json', at: 5 });
    const result = await downloads('wrong-small');
    expect(result.status).not.toBe(0);
    expect(result.output).toMatch(/digest|sha1|git/i);
    const answer = await ask(world.mirror.url, '/acme/wrong-small/resolve/main/config.json');
    expect(answer.status).toBeGreaterThanOrEqual(400);
  });

  it('that comes only once is mended by fetching from scratch', async () => {
    world.hub.faults.add({ fault: 'wrong-byte', repo: 'acme/once', path: 'model.safetensors', at: 42, times: 1 });
    const result = await downloads('once');
    expect(result.status, result.output).toBe(0);
    await expectRightWeights('once');
  });
});

it('a body that ends early is completed, not kept short', async () => {
  world.hub.faults.add({ fault: 'truncate', repo: 'acme/truncated', path: 'model.safetensors', at: 5 * MIB, times: 1 });
  const result = await downloads('truncated');
  expect(result.status, result.output).toBe(0);
  await expectRightWeights('truncated');
});

describe('a mirror that ends in mid-download and is started again', () => {
  it('after kill -9 serves the right bytes, and fetches again less than everything', async () => {
    await interrupt('killed', () => world.mirror.kill9());
  });

  it('after SIGTERM as well', async () => {
    await interrupt('stopped', () => world.mirror.stop());
    expect(world.mirror.running).toBe(true);
  });

  async function interrupt(name: string, end: () => Promise<void>) {
    world.hub.faults.add({ fault: 'bandwidth', repo: `acme/${name}`, bytesPerSecond: 6 * MIB });
    const waiting = new AbortController();
    const first = hf('2.4', ['download', `acme/${name}`], { ...(await world.person()), signal: waiting.signal });
    await until('10 MiB were sent', () => sent(name) > 10 * MIB, 60);
    await end();
    waiting.abort();
    await first;
    world.hub.faults.clear();
    const before = sent(name);
    expect(before).toBeLessThan(16 * MIB);
    await world.restart();
    const result = await downloads(name);
    expect(result.status, result.output).toBe(0);
    await expectRightWeights(name);
    // The last moments before the end may be lost, the rest is not fetched again.
    expect(sent(name) - before).toBeLessThan(12 * MIB);
    await expectBlobsToBeTheirNames();
  }
});

async function expectBlobsToBeTheirNames() {
  const blobs = await filesBelow(join(world.mirror.dataDir, 'store', 'blobs'));
  expect(blobs.length).toBeGreaterThan(0);
  for (const blob of blobs) expect(blob.path).toContain(blob.sha256);
}
