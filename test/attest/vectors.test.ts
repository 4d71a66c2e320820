// SPDX-License-Identifier: Apache-2.0
import { createPublicKey } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openBundle, signBundle } from '#src/attest/envelope.ts';
import { signModel, verifyModelSignature } from '#src/attest/model-signature.ts';
import { parseSha256, sha256Of } from '#src/domain/digest.ts';
import { parseRepoPath } from '#src/domain/path.ts';
import { bundleJson, payloadOf, refusal, STATEMENT_PAYLOAD } from './bundles.ts';
import { keys, signers } from './keys.ts';

// The schemas and bundles of ossf/model-signing-spec v1.0.
const folder = 'test/fixtures/vectors/oms-spec';
const read = (name: string) => readFileSync(`${folder}/${name}`);
const bundleSchema = loadSchema('bundle');
const statementSchema = loadSchema('statement');
const fitsSchemas = (bytes: Buffer) =>
  bundleSchema.safeParse(JSON.parse(bytes.toString() || 'null')).success &&
  statementSchema.safeParse(JSON.parse(payloadOf(bytes).toString())).success;

const invalid = ['invalid', 'invalid-payload'].flatMap((kind) =>
  readdirSync(`${folder}/${kind}`).map((name) => `${kind}/${name}`),
);
const valid = readdirSync(`${folder}/valid`).map((name) => `valid/${name}`);

const signed = [
  {
    path: parseRepoPath('signme-1'),
    sha256: digest('bc9a717db6064a32cbe9eae6fc40651dd6d36ef1757183f590eff2b1765d7ebc'),
  },
  {
    path: parseRepoPath('signme-2'),
    sha256: digest('32dcb1f8e1ae52d5963e56a6ba06ab58b424c15ed2a6b70d2feca1d089370028'),
  },
];

describe('the official JSON schemas', () => {
  it('tell the official valid bundles from the invalid ones, as they are read here', () => {
    expect(valid).toHaveLength(3);
    expect(invalid).toHaveLength(5);
    expect(valid.map(fitsName)).toEqual([true, true, true]);
    expect(invalid.map(fitsName)).toEqual([false, false, false, false, false]);
  });

  it('accept our model signatures', async () => {
    expect(fitsSchemas(await signModel(signers.approval, { name: 'model', files: signed }))).toBe(true);
  });
});

describe('the official bundles', () => {
  it.each(invalid)('%s is refused', async (name) => {
    expect((await refusal(() => openBundle(read(name), keys))).code).toBe('signature-invalid');
  });

  it('with a certificate are refused: no certificate speaks for this mirror', async () => {
    for (const name of ['valid/certificate.bundle.json', 'valid/sigstore.bundle.json'])
      expect((await refusal(() => openBundle(read(name), keys))).message).toContain('publicKey');
  });

  it('with a key have our shape, and are refused because the key is not ours', async () => {
    const { message } = await refusal(() => openBundle(read('valid/key.bundle.json'), keys));
    expect(message).toContain('e8450dec4eb99dae995da9af1bc2cc9f76ed669ee2e744f57abba763df3e3f8e');
    expect(message).toContain('not among the 2 known keys');
    const pem = readFileSync('test/fixtures/vectors/oms/keys/signing-key-pub.pem');
    const spki = createPublicKey(pem).export({ type: 'spki', format: 'pem' }).toString();
    expect(sha256Of(spki)).toBe(bundleJson(read('valid/key.bundle.json')).verificationMaterial.publicKey.hint);
  });

  it.each(valid)('%s has a payload that verifies file by file under our key', async (name) => {
    const payload = payloadOf(read(name));
    const bytes = await signBundle(signers.approval, STATEMENT_PAYLOAD, payload);
    const resources: { name: string; digest: string }[] = JSON.parse(payload.toString()).predicate.resources;
    const files = resources.map((r) => ({ path: parseRepoPath(r.name), sha256: digest(r.digest) }));
    expect(files.map(({ path }) => path)).toEqual(['signme-1', 'signme-2']);
    expect(() => verifyModelSignature(bytes, keys, files)).not.toThrow();
    const ignored = { path: parseRepoPath('ignore-me'), sha256: sha256Of('') };
    const { message } = await refusal(() => verifyModelSignature(bytes, keys, [...files, ignored]));
    expect(message).toContain('ignore-me is extra');
  });

  it('with another predicate type are refused under our key too', async () => {
    const payload = payloadOf(read('invalid-payload/wrong-predicate.bundle.json'));
    const bytes = await signBundle(signers.approval, STATEMENT_PAYLOAD, payload);
    const { code, message } = await refusal(() => verifyModelSignature(bytes, keys, signed));
    expect(code).toBe('record-invalid');
    expect(message).toContain('predicateType');
  });
});

function fitsName(name: string): boolean {
  try {
    return fitsSchemas(read(name));
  } catch {
    return false;
  }
}

function digest(text: string) {
  return parseSha256(text);
}

/** A schema with its references to the other files, and to its own definitions, written out. */
function loadSchema(name: string): z.ZodType {
  const document = JSON.parse(read(`${name}.schema.json`).toString());
  return z.fromJSONSchema(writtenOut(document, document.$defs));
}

// biome-ignore lint/suspicious/noExplicitAny: JSON Schema is JSON of any shape
function writtenOut(node: any, definitions: any): any {
  if (Array.isArray(node)) return node.map((child) => writtenOut(child, definitions));
  if (typeof node !== 'object' || node === null) return node;
  if (typeof node.$ref === 'string') return referred(node.$ref, definitions);
  // `if` and `then` only tell what shards need more; zod does not read them.
  const { $defs: _defs, $id: _id, if: _if, then: _then, ...rest } = node;
  const written = Object.fromEntries(Object.entries(rest).map(([key, child]) => [key, writtenOut(child, definitions)]));
  // zod reads `required` only where the type is named and the property described.
  if (!Array.isArray(rest.required)) return written;
  const required = Object.fromEntries(rest.required.map((key: string) => [key, {}]));
  return { type: 'object', ...written, properties: { ...required, ...written.properties } };
}

function referred(reference: string, definitions: Record<string, unknown>) {
  const local = /^#\/\$defs\/(\w+)$/.exec(reference)?.[1];
  if (local) return writtenOut(definitions[local], definitions);
  const name = /^https:\/\/model_signing\/(\w+)\/v1\.0\/schema$/.exec(reference)?.[1];
  const document = JSON.parse(read(`${name}.schema.json`).toString());
  return writtenOut(document, document.$defs);
}
