// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { signModel, verifyModelSignature } from '#src/attest/model-signature.ts';
import { sha256Of } from '#src/domain/digest.ts';
import { parseRepoPath } from '#src/domain/path.ts';
import { run } from '#test/support/run.ts';
import { payloadOf, tampered } from './bundles.ts';
import { keys, signers, testKeyPem, testSigner } from './keys.ts';

// Someone else's verifier, unmodified: the `model_signing` command of the specification's reference implementation.
const contents = {
  'config.json': '{}',
  'sub/a.txt': 'a',
  'sub-b.txt': 'b',
  'sub/.gitattributes': 'below the root it counts',
  '\uFF5E.txt': 'c',
  '\u{1F600}.txt': 'd',
  '.gitattributes': 'left out by the specification',
};
const files = Object.entries(contents).map(([path, text]) => ({ path: parseRepoPath(path), sha256: sha256Of(text) }));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airlock-oms-'));
  for (const [path, text] of Object.entries(contents)) await write(`name/${path}`, text);
  await write('approval.pub', signers.approval.key.pem);
  await write('model.sig', await signModel(signers.approval, { name: 'name', files }));
});
afterEach(() => rm(folder, { recursive: true }));

describe('model_signing verify key', () => {
  it('accepts our signature over the files that were signed', async () => {
    expect(await verify()).toEqual({ status: 0, output: 'Verification succeeded\n' });
  });

  it.each([
    ['a flipped byte', () => write('name/sub/a.txt', 'A'), "Hash mismatch for 'sub/a.txt'"],
    ['an extra file', () => write('name/new.txt', ''), 'new.txt'],
    ['a missing file', () => rm(join(folder, 'name/sub-b.txt')), 'sub-b.txt'],
    ['another key', () => write('approval.pub', testSigner('approval', 'other').key.pem), 'Key mismatch'],
    ['another payload', () => resubject('eman'), 'Verification failed'],
  ])('refuses %s', async (_, change, why) => {
    await change();
    const { status, output } = await verify();
    expect(status).toBe(1);
    expect(output).toContain('Verification failed');
    expect(output).toContain(why);
  });

  it('does not look at .gitattributes at the root, which is why the release statement names it', async () => {
    await write('name/.gitattributes', 'changed');
    expect((await verify()).status).toBe(0);
  });
});

describe('verifyModelSignature', () => {
  it('accepts what model_signing sign key wrote with the approval key', async () => {
    await write('approval.pem', testKeyPem('approval'));
    const made = await modelSigning(
      'sign',
      'key',
      '--signature',
      'theirs.sig',
      '--private_key',
      'approval.pem',
      'name',
    );
    expect(made).toMatchObject({ status: 0 });
    const theirs = await readFile(join(folder, 'theirs.sig'));
    expect(() => verifyModelSignature(theirs, keys, files)).not.toThrow();
    const changed = files.map((file) => (file.path === 'sub/a.txt' ? { ...file, sha256: sha256Of('A') } : file));
    expect(() => verifyModelSignature(theirs, keys, changed)).toThrow('sub/a.txt is changed');
  });
});

function verify() {
  return modelSigning('verify', 'key', '--signature', 'model.sig', '--public_key', 'approval.pub', 'name');
}

async function modelSigning(...args: string[]) {
  const { status, output } = await run(join(inject('python').verify, 'model_signing'), args, { cwd: folder });
  return { status, output };
}

async function resubject(name: string): Promise<void> {
  const bytes = await readFile(join(folder, 'model.sig'));
  const payload = payloadOf(bytes).toString().replace('"name":"name"', `"name":"${name}"`);
  const other = Buffer.from(payload).toString('base64');
  await write(
    'model.sig',
    tampered(bytes, (bundle) => {
      bundle.dsseEnvelope.payload = other;
    }),
  );
}

async function write(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
}
