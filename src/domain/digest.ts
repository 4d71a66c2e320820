// SPDX-License-Identifier: Apache-2.0
import { createHash, hash } from 'node:crypto';
import { AirlockError } from './errors.ts';
import { printable } from './repo.ts';

declare const sha256Brand: unique symbol;
declare const gitOidBrand: unique symbol;

/** 64 lower-case hex digits. */
export type Sha256 = string & { readonly [sha256Brand]: true };
/** A git object id, 40 lower-case hex digits: sha1 of `blob <length>\0` and the bytes. */
export type GitOid = string & { readonly [gitOidBrand]: true };

export function isSha256(text: string): text is Sha256 {
  return /^[0-9a-f]{64}$/.test(text);
}

export function isGitOid(text: string): text is GitOid {
  return /^[0-9a-f]{40}$/.test(text);
}

/** @throws AirlockError record-invalid */
export function parseSha256(text: string): Sha256 {
  if (!isSha256(text)) throw new AirlockError('record-invalid', `${printable(text)} is not a sha256.`);
  return text;
}

/** @throws AirlockError record-invalid */
export function parseGitOid(text: string): GitOid {
  if (!isGitOid(text)) throw new AirlockError('record-invalid', `${printable(text)} is not a git blob id.`);
  return text;
}

export function sha256Of(bytes: Uint8Array | string): Sha256 {
  return hash('sha256', bytes, 'hex') as Sha256;
}

export function gitOidOf(bytes: Uint8Array): GitOid {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex') as GitOid;
}

/**
 * The Git LFS pointer that git stores in place of a large file (git-lfs `docs/spec.md`): its blob id is the `oid` that
 * the Hub lists, and its text is what `/raw/` answers.
 */
export function lfsPointer(sha256: Sha256, size: number): Buffer {
  return Buffer.from(`version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${size}\n`);
}
