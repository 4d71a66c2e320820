// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { airlock, startMirror } from '#test/support/mirror.ts';
import { useTemp } from '#test/support/temp.ts';

const temp = useTemp();

async function keyFile(folder: string, name: string): Promise<{ file: string }> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const file = join(folder, name);
  await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  return { file };
}

it('a mirror that nobody can administer prints a token, which makes the first personal one and then ends', async () => {
  const folder = await temp('first');
  const keys = { approval: await keyFile(folder, 'a.pem'), evidence: await keyFile(folder, 'e.pem') };
  const options = { upstream: 'http://127.0.0.1:9', dataDir: join(folder, 'data'), config: { keys } };
  let mirror = await startMirror(options);
  try {
    const printed = /AIRLOCK_ADMIN_TOKEN=(hf_airlock\w+) /.exec(mirror.logs())?.[1] ?? '';
    const as = (token: string) => ({ AIRLOCK_URL: mirror.url, AIRLOCK_ADMIN_TOKEN: token });
    const create = ['token', 'create', 'mine', '--owner', 'ann', '--role', 'admin'];
    const made = await airlock(create, undefined, as(printed));
    expect(made.status, made.output).toBe(0);
    expect((await airlock(create, undefined, as(printed))).output).toContain('needs a token with the role admin');
    await mirror.stop();
    mirror = await startMirror(options);
    expect(mirror.logs()).not.toContain('AIRLOCK_ADMIN_TOKEN=');
    const listed = await airlock(['token', 'list'], undefined, as(made.stdout.trim()));
    expect(listed.stdout).toMatch(/"mine" of ann: admin, expires .*\n.*"first-admin" of .*: admin, revoked/);
  } finally {
    await mirror.stop();
  }
});
