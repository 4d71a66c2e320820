// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { gitOidOf, sha256Of } from '#src/domain/digest.ts';
import { AirlockError } from '#src/domain/errors.ts';
import type { VerifiedFile } from '#src/domain/manifest.ts';
import { parseRepoPath } from '#src/domain/path.ts';
import { promote } from '#src/intake/promote.ts';
import { codeOf } from '#test/upstream/client.ts';

const FOLDER = { path: '/quarantine', file: ({ path }: { path: string }) => `/quarantine/${path}` };

/** Twenty paths, and one content for each two of them. */
const FILES: VerifiedFile[] = Array.from({ length: 20 }, (_, i) => {
  const bytes = Buffer.from(`content ${i >> 1}`);
  return { path: parseRepoPath(`f${i}`), size: bytes.length, sha256: sha256Of(bytes), gitOid: gitOidOf(bytes) };
});

it('every content goes to the store once, a few at a time', async () => {
  const seen: string[] = [];
  let [now, most] = [0, 0];
  const put = async (sha256: string) => {
    seen.push(sha256);
    most = Math.max(most, ++now);
    await sleep(5);
    now--;
  };
  await promote({ put }, FILES, FOLDER);
  expect(seen.sort()).toEqual([...new Set(FILES.map(({ sha256 }) => sha256))].sort());
  expect(most).toBe(4);
});

it('the first failure ends it, and nothing is under way when it does', async () => {
  let [begun, ended] = [0, 0];
  const put = async () => {
    const mine = ++begun;
    await sleep(mine === 2 ? 1 : 20);
    ended++;
    if (mine === 2) throw new AirlockError('store-full', 'The disk is full.');
  };
  expect(await codeOf(promote({ put }, FILES, FOLDER))).toBe('store-full');
  expect(ended).toBe(begun);
  await sleep(50);
  expect(begun).toBeLessThan(7);
});
