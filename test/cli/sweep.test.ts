// SPDX-License-Identifier: Apache-2.0
import { lstat, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createKeyFile } from '#src/attest/key-file.ts';
import { sha256Of } from '#src/domain/digest.ts';
import { useTemp } from '#test/support/temp.ts';
import { cacheFile } from '#test/sweep/cache.ts';
import { noticeOf, revocation, signed } from '#test/sweep/notice.ts';
import { runCli } from './run-cli.ts';

const temp = useTemp();
const COMMIT = 'a'.repeat(40);
const notice = noticeOf({
  revocations: [revocation({ type: 'digest', digest: sha256Of('evil') }, 'it\u001b[2J steals')],
});

async function workshop() {
  const folder = await temp('sweep');
  const evidence = await createKeyFile('evidence', join(folder, 'evidence.pem'));
  const approval = await createKeyFile('approval', join(folder, 'approval.pem'));
  await writeFile(join(folder, 'evidence.pub'), evidence.key.pem);
  await writeFile(join(folder, 'notice.json'), await signed(evidence, notice));
  const { blob, link } = await cacheFile(join(folder, 'hub'), 'acme/evil', COMMIT, 'a.bin', 'evil', { lfs: true });
  const run = (...args: string[]) => runCli(['sweep', 'hub', ...args], folder, { AIRLOCK_URL: 'http://127.0.0.1:9' });
  return { folder, run, blob, link, evidence, approval };
}
const SIGNED = ['--notice', 'notice.json', '--key', 'evidence.pub'];

describe('airlock sweep', () => {
  it('prints path, repo, commit and why, and its status says that something was found', async () => {
    const { run } = await workshop();
    const result = await run(...SIGNED);
    expect(result.stdout).toMatch(
      new RegExp(`^/.*/snapshots/${COMMIT}/a.bin: acme/evil@${COMMIT}: it\\?\\[2J steals \\(by name, ruling 7\\)\n$`),
    );
    expect(result.status).toBe(2);
    const json = await run(...SIGNED, '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ kind: 'models', repo: 'acme/evil', commit: COMMIT, ruling: 7 });
  });

  it('asks the mirror where no notice is named, and believes what its evidence key signed', async () => {
    const { folder, blob } = await workshop();
    const asked: unknown[] = [];
    const answer = await readFile(join(folder, 'notice.json'));
    const server = createServer(({ url, headers }, response) => {
      asked.push([url, headers.authorization]);
      response.writeHead(200, { 'content-type': 'application/vnd.dev.sigstore.bundle.v0.3+json' }).end(answer);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const port = (server.address() as AddressInfo).port;
    const env = { AIRLOCK_URL: `http://127.0.0.1:${port}`, AIRLOCK_ADMIN_TOKEN: 'airlock_0123456789abcdef' };
    const result = await runCli(['sweep', 'hub', '--key', 'evidence.pub', '--delete', '--yes'], folder, env);
    server.close();
    expect(asked).toEqual([['/api/airlock/notice', 'Bearer airlock_0123456789abcdef']]);
    expect(result.status).toBe(2);
    await expect(lstat(blob)).rejects.toThrow('ENOENT');
  });

  it('takes a plain list of digests, and says 0 where there is none', async () => {
    const { run, folder } = await workshop();
    await writeFile(
      join(folder, 'list'),
      `# seen in the wild\n\nsha256:${sha256Of('evil').toUpperCase()}  a stealer\n`,
    );
    expect((await run('--notice', 'list')).stdout).toContain('a stealer (by name)');
    await writeFile(join(folder, 'list'), `${sha256Of('another')}\n`);
    const none = await run('--notice', 'list');
    expect([none.status, none.stdout]).toEqual([0, '']);
  });

  it('deletes with --yes, and only what a signed notice names', async () => {
    const { run, folder, blob, link } = await workshop();
    await writeFile(join(folder, 'list'), `${sha256Of('evil')}\n`);
    for (const args of [
      ['--notice', 'list', '--delete', '--yes'],
      [...SIGNED, '--delete'],
    ])
      expect((await run(...args)).status).toBe(64);
    await lstat(blob);
    expect((await run(...SIGNED, '--delete', '--yes')).status).toBe(2);
    await expect(lstat(blob)).rejects.toThrow('ENOENT');
    await expect(lstat(link)).rejects.toThrow('ENOENT');
    expect((await run(...SIGNED)).status).toBe(0);
  });

  it('refuses a notice that is not what the evidence key signed', async () => {
    const { run, folder, evidence, approval } = await workshop();
    const other = await createKeyFile('evidence', join(folder, 'other.pem'));
    const dangling = { ...notice, releases: [{ repo: { kind: 'models', id: 'a/b' }, commit: COMMIT, revocation: 5 }] };
    for (const bytes of [
      await signed(approval, notice),
      await signed(other, notice),
      await signed(evidence, { ...notice, extra: 1 }),
      await signed(evidence, dangling),
      Buffer.from(`${sha256Of('evil')}\n`),
      Buffer.from('{}'),
      Buffer.alloc(0),
    ]) {
      await writeFile(join(folder, 'notice.json'), bytes);
      const result = await run(...SIGNED);
      expect([result.status, result.stdout]).toEqual([70, '']);
    }
  });

  it.each([
    [['--notice', 'missing'], 70, 'can not be read'],
    [['--notice', 'notice.json'], 70, '--key'],
    [['--notice', 'evidence.pub'], 70, 'does not begin with a sha256'],
    [[], 64, '--notice'],
    [['--key', 'evidence.pub'], 70, 'gave no answer'],
  ])('sweep %j', async (args, status, says) => {
    const { run } = await workshop();
    const result = await run(...args);
    expect([result.status, result.output]).toEqual([status, expect.stringContaining(says)]);
  });
});
