// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { parseSha256, type Sha256 } from '#src/domain/digest.ts';
import { AirlockError } from '#src/domain/errors.ts';
import type { RepoPath } from '#src/domain/path.ts';
import { sortByPath } from './by-path.ts';
import { readJson } from './canonical-json.ts';
import { issuesText, pathField, sha256Field } from './fields.ts';
import type { PublicKey, Signer } from './signer.ts';
import {
  openPayload,
  recordInvalid,
  requireRole,
  signPayload,
  statementPayload,
  statementSchema,
} from './statement.ts';

// OpenSSF Model Signing v1.0: one statement over the files of a model, `model_signing verify key` reads it.

export interface ModelFile {
  readonly path: RepoPath;
  readonly sha256: Sha256;
}

const PREDICATE_TYPE = 'https://model_signing/signature/v1.0';
const WHAT = 'model signature';

/**
 * What the reference implementation leaves out at the root of every model, when signing and when verifying. These
 * files are not protected by the model signature; the release statement names them.
 */
const UNCOVERED = ['.git', '.gitattributes', '.github', '.gitignore'];

const predicateSchema = z.strictObject({
  serialization: z.strictObject({
    method: z.literal('files'),
    hash_type: z.literal('sha256'),
    allow_symlinks: z.literal(false),
    ignore_paths: z.array(z.string()).optional(),
  }),
  resources: z.array(z.strictObject({ name: pathField, algorithm: z.literal('sha256'), digest: sha256Field })),
});
const subjectSchema = z.tuple([
  z.strictObject({ name: z.string().min(1), digest: z.strictObject({ sha256: sha256Field }) }),
]);
const modelStatement = statementSchema(PREDICATE_TYPE, predicateSchema, subjectSchema);

/**
 * Sign the files of a model, from digests that are known: nothing is read again. `name` is what a person calls it.
 * @throws AirlockError record-invalid, limit-exceeded
 */
export async function signModel(
  signer: Signer,
  model: { readonly name: string; readonly files: readonly ModelFile[] },
): Promise<Buffer> {
  requireRole(signer.key, 'approval', WHAT);
  const resources = covered(model.files).map(({ path, sha256 }) => ({
    name: path,
    algorithm: 'sha256',
    digest: sha256,
  }));
  const subject = [{ name: model.name, digest: { sha256: rootOf(resources) } }];
  const serialization = { method: 'files', hash_type: 'sha256', allow_symlinks: false, ignore_paths: UNCOVERED };
  const payload = statementPayload(PREDICATE_TYPE, subject, { serialization, resources });
  parseModelStatement(payload);
  return signPayload(signer, payload);
}

/**
 * Check that a model signature covers exactly `files`. What the signature itself asks to ignore is not believed,
 * beyond the four names that the specification ignores always.
 * @throws AirlockError signature-invalid naming every file that is missing, extra or changed; record-invalid
 */
export function verifyModelSignature(bytes: Uint8Array, keys: readonly PublicKey[], files: readonly ModelFile[]): void {
  const { payload, key } = openPayload(bytes, keys);
  requireRole(key, 'approval', WHAT);
  const differences = compare(parseModelStatement(payload), new Map(covered(files).map((f) => [f.path, f.sha256])));
  if (differences.length > 0)
    throw new AirlockError(
      'signature-invalid',
      `The files are not those of the model signature: ${differences.join('; ')}.`,
    );
}

function parseModelStatement(payload: Buffer): Map<RepoPath, Sha256> {
  const parsed = modelStatement.safeParse(readJson(payload, 'record-invalid', `The ${WHAT}`));
  if (!parsed.success) throw recordInvalid(WHAT, issuesText(parsed.error));
  const { subject, predicate } = parsed.data;
  if (subject[0].digest.sha256 !== rootOf(predicate.resources))
    throw recordInvalid(WHAT, 'its root digest is not that of its resources');
  const signed = new Map(predicate.resources.map(({ name, digest }) => [name, digest]));
  // With two entries of one name, it would depend on the reader which one counts.
  if (signed.size !== predicate.resources.length) throw recordInvalid(WHAT, 'a file is named twice');
  return signed;
}

function compare(signed: ReadonlyMap<RepoPath, Sha256>, actual: ReadonlyMap<RepoPath, Sha256>): string[] {
  const missing = [...signed.keys()].filter((path) => !actual.has(path)).map((path) => `${path} is missing`);
  const extra = [...actual.keys()].filter((path) => !signed.has(path)).map((path) => `${path} is extra`);
  const changed = [...actual].flatMap(([path, sha256]) => {
    const expected = signed.get(path);
    return expected === undefined || expected === sha256
      ? []
      : [`${path} is changed (expected ${expected}, actual ${sha256})`];
  });
  return [...missing, ...extra, ...changed];
}

function covered(files: readonly ModelFile[]): ModelFile[] {
  return sortByPath(files.filter(({ path }) => !UNCOVERED.includes(path.split('/', 1)[0] ?? '')));
}

/** The digest over the raw digests, in the order in which they are listed. */
function rootOf(resources: readonly { readonly digest: string }[]): Sha256 {
  const hash = createHash('sha256');
  for (const { digest } of resources) hash.update(digest, 'hex');
  return parseSha256(hash.digest('hex'));
}
