// SPDX-License-Identifier: Apache-2.0
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKeyFile, readKeyFile } from '#src/attest/key-file.ts';
import { refusal } from './bundles.ts';
import { signers, testKeyPem } from './keys.ts';
import { signerContract } from './signer-contract.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airlock-keys-'));
  path = join(folder, 'approval.pem');
});
afterEach(() => rm(folder, { recursive: true }));

describe('a signer from a file', () => signerContract(async () => createKeyFile('approval', path)));

describe('createKeyFile', () => {
  it('makes a file that only its owner can read, and nothing else', async () => {
    const made = await createKeyFile('approval', path);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['approval.pem']);
    expect((await readKeyFile('approval', path)).key).toEqual(made.key);
  });

  it('never overwrites a key', async () => {
    await writeFile(path, testKeyPem('approval'), { mode: 0o600 });
    const { code, message } = await refusal(() => createKeyFile('approval', path));
    expect([code, message]).toEqual(['conflict', `The approval key ${path} exists already and is left as it is.`]);
    expect(await readFile(path, 'utf8')).toBe(testKeyPem('approval'));
    expect(await readdir(folder)).toEqual(['approval.pem']);
  });

  it('lets exactly one of many callers at the same time win', async () => {
    const all = await Promise.allSettled(Array.from({ length: 8 }, () => createKeyFile('approval', path)));
    const winners = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value.key] : []));
    expect(winners).toEqual([(await readKeyFile('approval', path)).key]);
    expect(await readdir(folder)).toEqual(['approval.pem']);
  });
});

describe('readKeyFile', () => {
  it('refuses a missing file and does not make one', async () => {
    expect((await refusal(() => readKeyFile('approval', path))).code).toBe('config-invalid');
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([0o640, 0o604, 0o660, 0o601])('refuses mode %o, and says how to mend it', async (mode) => {
    await writeFile(path, testKeyPem('approval'));
    await chmod(path, mode);
    const { code, message } = await refusal(() => readKeyFile('approval', path));
    expect(code).toBe('config-invalid');
    expect(message).toContain(`mode 0${mode.toString(8)}`);
    expect(message).toContain(`chmod 600 ${path}`);
    await chmod(path, 0o600);
    expect((await readKeyFile('approval', path)).key).toEqual(signers.approval.key);
  });

  it('follows a link, as mounted secrets are, and judges the file behind it', async () => {
    const target = join(folder, 'target');
    await writeFile(target, testKeyPem('approval'), { mode: 0o400 });
    await symlink(target, path);
    expect((await readKeyFile('approval', path)).key).toEqual(signers.approval.key);
    await chmod(target, 0o444);
    expect((await refusal(() => readKeyFile('approval', path))).message).toContain('mode 0444');
  });

  it('refuses a folder, a huge file, and a file that holds no key', async () => {
    await mkdir(path);
    expect((await refusal(() => readKeyFile('approval', path))).message).toContain('not a file');
    const huge = join(folder, 'huge');
    await writeFile(huge, Buffer.alloc(65 * 1024), { mode: 0o600 });
    expect((await refusal(() => readKeyFile('approval', huge))).message).toContain('66560 bytes');
    const empty = join(folder, 'empty');
    await writeFile(empty, '', { mode: 0o600 });
    expect((await refusal(() => readKeyFile('approval', empty))).code).toBe('config-invalid');
  });
});
