// SPDX-License-Identifier: Apache-2.0
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AirlockError } from '#src/domain/errors.ts';
import { createKeyFile, readKeyFile } from './key-file.ts';
import { type KeyRole, loadPublicKey, type PublicKey, type Signer } from './signer.ts';

export interface KeyRingOptions {
  /** Named files must exist. Null for both: the embedded default, which keeps its keys in `folder`. */
  readonly approval: { readonly file: string } | null;
  readonly evidence: { readonly file: string } | null;
  /** Public keys whose signatures stay valid, after a rotation. */
  readonly trusted: readonly { readonly role: KeyRole; readonly file: string }[];
  readonly folder: string;
  /** Asked before new keys are made: whether the store holds records that older keys signed. */
  readonly storeIsInUse: () => Promise<boolean>;
}

export interface KeyRing {
  readonly signers: Readonly<Record<KeyRole, Signer>>;
  /** All that signatures are checked against: our own two keys and the trusted ones. */
  readonly keys: readonly PublicKey[];
  /** Files that were made just now. */
  readonly created: readonly string[];
}

/** @throws AirlockError config-invalid */
export async function openKeyRing(options: KeyRingOptions): Promise<KeyRing> {
  if ((options.approval === null) !== (options.evidence === null))
    throw new AirlockError(
      'config-invalid',
      'keys.approval and keys.evidence go together: name a file for both, or for none.',
    );
  const created: string[] = [];
  const approval = await open('approval', options, created);
  const evidence = await open('evidence', options, created);
  const trusted = await Promise.all(
    options.trusted.map(async ({ role, file }) => loadPublicKey(role, await readFile(file, 'utf8'))),
  );
  return { signers: { approval, evidence }, keys: [approval.key, evidence.key, ...trusted], created };
}

async function open(role: KeyRole, options: KeyRingOptions, created: string[]): Promise<Signer> {
  const named = options[role];
  if (named) return readKeyFile(role, named.file);
  const path = join(options.folder, `${role}.pem`);
  if (await exists(path)) return readKeyFile(role, path);
  // Under a new key nothing in the store would verify: that is a lost key, and no first start.
  if (await options.storeIsInUse())
    throw new AirlockError(
      'config-invalid',
      `The ${role} key ${path} is missing, and the store holds records that it signed. Put the key back, or name it in keys.${role}.`,
    );
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  created.push(path);
  return createKeyFile(role, path);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
