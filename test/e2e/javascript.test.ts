// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { downloadFile, fileExists, listFiles, modelInfo, pathsInfo, snapshotDownload } from '@huggingface/hub';
import { expect, it } from 'vitest';
import { addHostile, addTiny, tinyFiles } from '#test/fake-hub/repos.ts';
import { filesBelow } from '#test/support/files.ts';
import { useWorld } from '#test/support/world.ts';

/** @huggingface/hub, as it is: Xet support and all. */
const world = useWorld({
  repos: (hub) => {
    addTiny(hub);
    addHostile(hub);
  },
});
const target = (repo = 'acme/tiny') => ({ repo, hubUrl: world.mirror.url });

it('@huggingface/hub lists, describes and downloads', async () => {
  const info = await modelInfo({ name: 'acme/tiny', hubUrl: world.mirror.url, additionalFields: ['sha'] });
  expect(info.sha).toBe(world.hub.repo('acme/tiny').head().id);
  const paths: string[] = [];
  for await (const entry of listFiles({ ...target(), recursive: true }))
    if (entry.type === 'file') paths.push(entry.path);
  expect(paths.sort()).toEqual(Object.keys(tinyFiles()).sort());
  for (const path of ['model.safetensors', 'sub/notes.txt', 'empty.txt']) {
    const { content } = world.hub.repo('acme/tiny').file(path);
    const blob = await downloadFile({ ...target(), path });
    const bytes = Buffer.from((await blob?.arrayBuffer()) ?? new ArrayBuffer(0));
    expect(createHash('sha256').update(bytes).digest('hex'), path).toBe(content.sha256);
  }
  const pointer = await downloadFile({ ...target(), path: 'model.safetensors', raw: true });
  expect(await pointer?.text()).toMatch(/^version https:.*\noid sha256:[0-9a-f]{64}\nsize \d+\n$/);
  const [file] = await pathsInfo({ ...target(), paths: ['model.safetensors', 'nope'] });
  expect(file?.lfs?.oid).toBe(world.hub.repo('acme/tiny').file('model.safetensors').content.sha256);
  expect(await fileExists({ ...target(), path: 'config.json' })).toBe(true);
  expect(await fileExists({ ...target(), path: 'nope.json' })).toBe(false);
});

it('@huggingface/hub downloads a snapshot, and asks the CDN of upstream for nothing', async () => {
  const cacheDir = await world.temp('js-cache');
  const before = world.hub.stats.requests;
  await snapshotDownload({ ...target(), cacheDir });
  const kept = new Set((await filesBelow(cacheDir)).map((file) => file.sha256));
  for (const file of world.hub.repo('acme/tiny').head().files.values()) expect(kept).toContain(file.content.sha256);
  expect(world.hub.stats.requests).toBe(before);
});

it('@huggingface/hub shows the reason of a refusal', async () => {
  const refused = downloadFile({ ...target('acme/hostile'), path: 'pytorch_model.bin' });
  await expect(refused).rejects.toThrow(/\[airlock\] acme\/hostile@[0-9a-f]{7} is denied: .*os\.system/);
});
