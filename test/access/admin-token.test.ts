// SPDX-License-Identifier: Apache-2.0
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { adminCheck, readOrCreateToken } from '#src/access/admin-token.ts';
import { refusal } from '#test/attest/bundles.ts';
import { useTemp } from '#test/support/temp.ts';

const temp = useTemp();

describe('adminCheck', () => {
  it('takes the one token, as a bearer', () => {
    const check = adminCheck('airlock_x');
    for (const given of ['Bearer airlock_x', 'bearer airlock_x', 'BEARER   airlock_x']) expect(check(given)).toBe(true);
    for (const given of [
      undefined,
      '',
      'airlock_x',
      'Bearer',
      'Bearer airlock_',
      'Bearer airlock_x y',
      'Token airlock_x',
    ])
      expect(check(given)).toBe(false);
  });

  it('lets nobody in where there is no token, or an empty one', () => {
    for (const token of [undefined, ''])
      for (const given of [undefined, '', 'Bearer', 'Bearer ', 'Bearer undefined', 'Bearer x'])
        expect(adminCheck(token)(given)).toBe(false);
  });
});

describe('readOrCreateToken', () => {
  it('makes a token that only its owner reads, once', async () => {
    const path = join(await temp('token'), 'admin.token');
    const made = await readOrCreateToken(path);
    expect(made).toMatchObject({ created: true, token: expect.stringMatching(/^airlock_[A-Za-z0-9_-]{43}$/) });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(path, 'utf8')).toBe(`${made.token}\n`);
    expect(await readOrCreateToken(path)).toEqual({ token: made.token, created: false });
  });

  it('is refused where the file is empty, as a crash may leave it: the mirror would run without an administrator', async () => {
    const path = join(await temp('token'), 'admin.token');
    await writeFile(path, '\n');
    expect(await refusal(() => readOrCreateToken(path))).toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining(path),
    });
  });
});
