// SPDX-License-Identifier: Apache-2.0
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { addFolder } from '#test/fake-hub/repos.ts';
import { call, hf, type Snapshot, verifier } from '#test/support/clients.ts';
import { asListing, listingOf } from '#test/support/listing.ts';
import { useWorld } from '#test/support/world.ts';

const REPO = 'sentence-transformers/all-MiniLM-L6-v2';

const world = useWorld({
  repos: async (hub) => void (await addFolder(hub, inject('python').miniLm, REPO)),
});

let commit: string;
let key: string;
let bundle: string;
beforeAll(async () => {
  const got = await call<Snapshot>('2.4', 'snapshot', { repo_id: REPO }, await world.person());
  commit = got.commit;
  const proofs = await world.temp('proofs');
  key = join(proofs, 'key.pem');
  bundle = join(proofs, 'bundle.json');
  await save(key, '/api/airlock/key');
  await save(bundle, `/api/airlock/models/${REPO}/revision/${commit}/bundle`);
});

async function save(file: string, path: string) {
  const answer = await fetch(world.mirror.url + path);
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  await writeFile(file, Buffer.from(await answer.arrayBuffer()));
}

const LOAD = `
import json, sys
from safetensors import safe_open
from tokenizers import Tokenizer
folder = sys.argv[1]
with safe_open(folder + "/model.safetensors", "np") as weights:
    names = list(weights.keys())
    shape = weights.get_tensor("embeddings.word_embeddings.weight").shape
tokens = Tokenizer.from_file(folder + "/tokenizer.json").encode("Hello, world!").tokens
print(json.dumps({"tensors": len(names), "shape": shape, "tokens": [t for t in tokens if t != "[PAD]"]}))
`;

// Two versions: it is 90 MB, and the core suite compares bytes for all of them.
describe.each(['2.4', '0.36'] as const)('a real model through the mirror, huggingface_hub %s', (version) => {
  it('is byte-identical, and loads with safetensors and tokenizers', async () => {
    const got = await call<Snapshot>(version, 'snapshot', { repo_id: REPO }, await world.person());
    const promised = await listingOf(world.hub.url, REPO);
    expect(asListing(got.files, promised)).toEqual(promised);
    const weights = got.files['model.safetensors'];
    expect(weights).toMatchObject({
      size: 90_868_376,
      sha256: '53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db',
    });
    const loaded = await verifier('python', ['-c', LOAD, got.folder]);
    expect(loaded.status, loaded.output).toBe(0);
    expect(JSON.parse(loaded.stdout)).toEqual({
      tensors: 104,
      shape: [30522, 384],
      tokens: ['[CLS]', 'hello', ',', 'world', '!', '[SEP]'],
    });
  });

  it('model_signing accepts it in the cache, and rejects it after one flipped byte', async () => {
    const got = await call<Snapshot>(version, 'snapshot', { repo_id: REPO }, await world.person());
    // The cache holds links into its blob folder.
    const accepted = await verify(got.folder, ['--allow_symlinks']);
    expect(accepted.status, accepted.output).toBe(0);
    const file = join(got.folder, '1_Pooling', 'config.json');
    const bytes = await readFile(file);
    bytes.writeUInt8(bytes.readUInt8(10) ^ 1, 10);
    await rm(file);
    await writeFile(file, bytes);
    const rejected = await verify(got.folder, ['--allow_symlinks']);
    expect(rejected.status).not.toBe(0);
    expect(rejected.output).toMatch(/[Mm]ismatch|failed/);
  });

  it('model_signing accepts a local folder without its .cache, and rejects an added file', async () => {
    const folder = await world.temp('local');
    const result = await hf(version, ['download', REPO, '--local-dir', folder], await world.person());
    expect(result.status, result.output).toBe(0);
    const ignore = ['--ignore-paths', join(folder, '.cache')];
    const accepted = await verify(folder, ignore);
    expect(accepted.status, accepted.output).toBe(0);
    await copyFile(join(folder, 'config.json'), join(folder, 'added.json'));
    expect((await verify(folder, ignore)).status).not.toBe(0);
  });
});

it('the bundle is no good under another key', async () => {
  const folder = await world.temp('local');
  await hf('2.4', ['download', REPO, '--local-dir', folder], await world.person());
  const script = `
import sys
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
key = ec.generate_private_key(ec.SECP256R1()).public_key()
open(sys.argv[1], "wb").write(key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
`;
  const other = join(folder, '..', `other-${process.pid}.pem`);
  expect((await verifier('python', ['-c', script, other])).status).toBe(0);
  const rejected = await verify(folder, ['--ignore-paths', join(folder, '.cache')], other);
  await rm(other);
  expect(rejected.status).not.toBe(0);
});

function verify(folder: string, flags: readonly string[], publicKey = key) {
  return verifier('model_signing', [
    'verify',
    'key',
    '--public_key',
    publicKey,
    '--signature',
    bundle,
    ...flags,
    folder,
  ]);
}
