// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { link, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AirlockError, messageOf } from '#src/domain/errors.ts';
import { type KeyRole, loadSigner, type Signer } from './signer.ts';

const MAX_KEY_BYTES = 64 * 1024;

/**
 * The signer whose private key is in a file. The file must exist: a key carries trust and is never made in passing.
 * @throws AirlockError config-invalid when it is missing, readable by others, or not an EC P-256 key
 */
export async function readKeyFile(role: KeyRole, path: string): Promise<Signer> {
  return loadSigner(role, await readPrivately(role, path));
}

/**
 * Make a new key for the embedded default. Never overwrites: losing an approval key makes every release unverifiable.
 * Durable and complete when it returns; a process that dies on the way leaves no file of that name.
 * @throws AirlockError conflict when the file exists
 */
export async function createKeyFile(role: KeyRole, path: string): Promise<Signer> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const draft = `${path}.${randomUUID()}.tmp`;
  try {
    await writeSynced(draft, pem);
    // A link, unlike a rename, fails when the name is taken, and shows the file only when it is whole.
    await link(draft, path);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
    throw new AirlockError('conflict', `The ${role} key ${path} exists already and is left as it is.`, { role, path });
  } finally {
    await rm(draft, { force: true });
  }
  await syncFolder(dirname(path));
  return loadSigner(role, pem);
}

async function readPrivately(role: KeyRole, path: string): Promise<string> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw refused(role, path, `it can not be opened: ${messageOf(error)}`);
  });
  try {
    // The open file is asked, not the path: what is checked is what is read. A link is followed (mounted secrets are links).
    const stat = await file.stat();
    if (!stat.isFile()) throw refused(role, path, 'it is not a file');
    if (stat.size > MAX_KEY_BYTES) throw refused(role, path, `it has ${stat.size} bytes, which no key has`);
    const others = stat.mode & 0o077;
    if (others !== 0 && process.platform !== 'win32') {
      const mode = (stat.mode & 0o777).toString(8).padStart(4, '0');
      throw refused(role, path, `its mode ${mode} lets others at it; run: chmod 600 ${path}`);
    }
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  // Windows can not open a folder; there the file system keeps the entry by itself.
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function refused(role: KeyRole, path: string, problem: string): AirlockError {
  return new AirlockError('config-invalid', `The ${role} key ${path} is refused: ${problem}.`, { role, path });
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
