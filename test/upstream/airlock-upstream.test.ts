// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { openReleaseStatement, type ReleaseStatement, signReleaseStatement } from '#src/attest/release-statement.ts';
import { type Sha256, sha256Of } from '#src/domain/digest.ts';
import { AirlockError } from '#src/domain/errors.ts';
import type { Source } from '#src/domain/manifest.ts';
import { createAirlockUpstream } from '#src/upstream/airlock-upstream.ts';
import type { Upstream } from '#src/upstream/upstream.ts';
import { testSigner } from '#test/attest/keys.ts';
import { release } from '#test/attest/release-fixture.ts';
import { addTiny } from '#test/fake-hub/repos.ts';
import { clientOf, errorOf, listAll, resolve, useHub } from './client.ts';

const at = useHub();
const theirs = testSigner('approval', 'another mirror');

/** What the other mirror would have signed of the commit as the hub has it. */
async function statementOf(hub: Upstream, source: Source): Promise<ReleaseStatement> {
  const files = (await listAll(hub, source)).map(({ path, size, gitOid, lfs }) => ({
    path,
    size,
    gitOid,
    sha256: at.hub.repo('acme/tiny').file(path).content.sha256 as Sha256,
    ...(lfs && { lfs: { pointerSize: lfs.pointerSize } }),
    format: 'text',
    verdict: 'pass' as const,
  }));
  return { ...release, repo: source.repo, commit: source.commit, files, withheld: [], excluded: [], reasons: [] };
}

async function withStatement(bundle: (honest: ReleaseStatement) => Promise<Buffer> | Buffer) {
  addTiny(at.hub);
  const hub = clientOf(at.hub.url);
  const source = await resolve(hub, 'acme/tiny');
  const signed = await bundle(await statementOf(hub, source));
  const asked: string[] = [];
  const api = {
    bytes: async (path: string) => {
      asked.push(path);
      if (signed.length === 0) throw new AirlockError('upstream-revision-not-found', 'none', { status: 404 });
      return signed;
    },
  };
  const open = (bytes: Buffer) => openReleaseStatement(bytes, [theirs.key]);
  return { upstream: createAirlockUpstream({ hub, api: api as never, open, key: 'k' }), source, signed, asked };
}

it('lists what was signed, with the sha256 that was signed, and keeps the statement as it came', async () => {
  const { upstream, source, signed, asked } = await withStatement((honest) => signReleaseStatement(theirs, honest));
  const files = await listAll(upstream, source);
  expect(files.length).toBeGreaterThan(5);
  for (const { path, sha256 } of files) expect(sha256, path).toBe(at.hub.repo('acme/tiny').file(path).content.sha256);
  expect(await upstream.statement?.(source)).toEqual(signed);
  expect(asked).toEqual([`/api/airlock/models/acme/tiny/revision/${source.commit}/statement`]);
});

type Change = (honest: ReleaseStatement) => ReleaseStatement;
const firstFile =
  (change: object): Change =>
  (honest) => ({ ...honest, files: honest.files.map((file, i) => (i === 0 ? { ...file, ...change } : file)) });

it.each<[string, Change, string]>([
  ['lacks a file', (honest) => ({ ...honest, files: honest.files.slice(1) }), 'otherwise than its signed'],
  ['has another size', firstFile({ size: 7 }), 'otherwise than its signed'],
  ['has another git blob id', firstFile({ gitOid: 'a'.repeat(40) }), 'otherwise than its signed'],
  ['takes a file for one of LFS', firstFile({ lfs: { pointerSize: 130 } }), 'otherwise than its signed'],
  [
    'has another sha256 of weights',
    (honest) => ({
      ...honest,
      files: honest.files.map((file) => (file.lfs ? { ...file, sha256: sha256Of('x') } : file)),
    }),
    'lists "model.safetensors" otherwise than its signed',
  ],
  [
    'has a file more',
    (honest) => ({ ...honest, files: [...honest.files, { ...release.files[1], path: 'zz.txt' } as never] }),
    'does not list "zz.txt"',
  ],
  ['speaks of another commit', (honest) => ({ ...honest, commit: release.commit }), 'shows the release statement of'],
  [
    'speaks of another repo',
    (honest) => ({ ...honest, repo: release.repo }),
    'shows the release statement of org/name',
  ],
])('keeps the commit out where the statement %s', async (_, change, words) => {
  const { upstream, source } = await withStatement((honest) => signReleaseStatement(theirs, change(honest)));
  const error = await errorOf(listAll(upstream, source));
  expect(error.code).toBe('upstream-listing-invalid');
  expect(error.message).toContain(words);
});

it.each<[string, (honest: ReleaseStatement) => Promise<Buffer> | Buffer, string]>([
  ['comes under another key', (honest) => signReleaseStatement(testSigner('approval', 'a thief'), honest), 'no valid'],
  ['is none', () => Buffer.from('<html>'), 'has no valid release statement'],
  ['is not there', () => Buffer.alloc(0), 'has no signed release statement'],
])('keeps the commit out where the statement %s', async (_, bundle, words) => {
  const { upstream, source } = await withStatement(bundle);
  expect(await errorOf(listAll(upstream, source))).toMatchObject({
    code: 'upstream-listing-invalid',
    message: expect.stringContaining(words),
  });
  await expect(upstream.statement?.(source)).rejects.toThrow();
});
