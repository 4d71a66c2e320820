// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { type ModelFile, signModel, verifyModelSignature } from '#src/attest/model-signature.ts';
import { sha256Of } from '#src/domain/digest.ts';
import { parseRepoPath } from '#src/domain/path.ts';
import { payloadOf, refusal, resigned, tampered } from './bundles.ts';
import { keys, signers, testSigner } from './keys.ts';

const file = (path: string, content = path): ModelFile => ({ path: parseRepoPath(path), sha256: sha256Of(content) });
const files = [
  file('sub/a.txt'),
  file('sub-b.txt'),
  file('\u{1F600}.txt'),
  file('\uFF5E.txt'),
  file('.gitattributes'),
  file('.github/workflows/run.yml'),
  file('.gitignore'),
  file('.gitmodules'),
  file('sub/.gitattributes'),
];
const model = { name: 'name', files };
// Byte order of the whole path, and without the names that the specification leaves out at the root only.
const covered = ['.gitmodules', 'sub-b.txt', 'sub/.gitattributes', 'sub/a.txt', '\uFF5E.txt', '\u{1F600}.txt'];

let good: Buffer;
beforeAll(async () => {
  good = await signModel(signers.approval, model);
});

describe('signModel', () => {
  it('writes the statement of OpenSSF Model Signing v1.0', async () => {
    const root = createHash('sha256');
    for (const path of covered) root.update(createHash('sha256').update(path).digest());
    expect(JSON.parse(payloadOf(good).toString())).toEqual({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name: 'name', digest: { sha256: root.digest('hex') } }],
      predicateType: 'https://model_signing/signature/v1.0',
      predicate: {
        serialization: {
          method: 'files',
          hash_type: 'sha256',
          allow_symlinks: false,
          ignore_paths: ['.git', '.gitattributes', '.github', '.gitignore'],
        },
        resources: covered.map((name) => ({ name, algorithm: 'sha256', digest: sha256Of(name) })),
      },
    });
  });

  it('gives the same payload whatever the order of the files', async () => {
    const again = await signModel(signers.approval, { name: 'name', files: [...files].reverse() });
    expect(payloadOf(again)).toEqual(payloadOf(good));
  });

  it('refuses the evidence key, a file named twice, and a model without a name', async () => {
    expect((await refusal(() => signModel(signers.evidence, model))).code).toBe('signature-invalid');
    const twice = { name: 'name', files: [file('a'), file('a', 'other')] };
    expect((await refusal(() => signModel(signers.approval, twice))).message).toContain('named twice');
    expect((await refusal(() => signModel(signers.approval, { name: '', files }))).code).toBe('record-invalid');
  });
});

describe('verifyModelSignature', () => {
  it('accepts the files that were signed, in any order', () => {
    expect(() => verifyModelSignature(good, keys, files)).not.toThrow();
    expect(() => verifyModelSignature(good, keys, [...files].reverse())).not.toThrow();
  });

  it('does not look at what the specification leaves out: the release statement does', () => {
    const others = [...files.filter(({ path }) => path !== '.gitattributes'), file('.github/other')];
    expect(() => verifyModelSignature(good, keys, others)).not.toThrow();
  });

  it('names every difference at once', async () => {
    const others = [file('sub/a.txt', 'changed'), file('new.txt'), ...files.slice(2)];
    const { code, message } = await refusal(() => verifyModelSignature(good, keys, others));
    expect(code).toBe('signature-invalid');
    expect(message).toContain('sub-b.txt is missing');
    expect(message).toContain('new.txt is extra');
    expect(message).toContain(
      `sub/a.txt is changed (expected ${sha256Of('sub/a.txt')}, actual ${sha256Of('changed')})`,
    );
  });

  it('refuses a flipped payload, a key of nobody, and the evidence key', async () => {
    const payload = payloadOf(good);
    payload[100] = (payload[100] ?? 0) ^ 1;
    const bad = [
      tampered(good, (b) => (b.dsseEnvelope.payload = payload.toString('base64'))),
      await signModel(testSigner('approval', 'stranger'), model),
      await resigned(signers.evidence, good, () => undefined),
    ];
    for (const bytes of bad)
      expect((await refusal(() => verifyModelSignature(bytes, keys, files))).code).toBe('signature-invalid');
  });

  it.each([
    ['a root digest of other files', (s) => (s.subject[0].digest.sha256 = 'a'.repeat(64)), 'root digest'],
    ['two subjects', (s) => s.subject.push(s.subject[0]), 'subject'],
    ['shards', (s) => (s.predicate.serialization.method = 'shards'), 'method'],
    ['symbolic links', (s) => (s.predicate.serialization.allow_symlinks = true), 'allow_symlinks'],
    ['another hash', (s) => (s.predicate.resources[0].algorithm = 'blake2b'), 'algorithm'],
    ['another predicate type', (s) => (s.predicateType = 'https://model_signing/Digests/v0.1'), 'predicateType'],
    ['a path out of the model', (s) => (s.predicate.resources[0].name = '../x'), 'is not a file path'],
  ] satisfies [string, (statement: ReturnType<typeof JSON.parse>) => void, string][])(
    'refuses %s, whoever signed it',
    async (_, change, why) => {
      const bytes = await resigned(signers.approval, good, change);
      const { code, message } = await refusal(() => verifyModelSignature(bytes, keys, files));
      expect(code).toBe('record-invalid');
      expect(message).toContain(why);
    },
  );

  it('refuses a file that is named twice, though the root digest fits', async () => {
    const bytes = await resigned(signers.approval, good, (s) => {
      const { resources } = s.predicate;
      resources.push({ ...resources[0], digest: sha256Of('other') });
      const root = createHash('sha256');
      for (const { digest } of resources) root.update(digest, 'hex');
      s.subject[0].digest.sha256 = root.digest('hex');
    });
    expect((await refusal(() => verifyModelSignature(bytes, keys, files))).message).toContain('named twice');
  });

  it('does not let a signature widen what it ignores', async () => {
    const bytes = await resigned(signers.approval, good, (s) => s.predicate.serialization.ignore_paths.push('new.txt'));
    const { message } = await refusal(() => verifyModelSignature(bytes, keys, [...files, file('new.txt')]));
    expect(message).toContain('new.txt is extra');
  });
});
