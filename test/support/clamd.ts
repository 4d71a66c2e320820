// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { clamdVersion } from '#scanners/adapters/clamav.ts';
import { until } from './until.ts';

/** The real clamd of Debian's packages, with a database of our own: it downloads nothing. */
export interface Clamd {
  readonly socket: string;
  /** Replace the database by these signatures: what each is called, and the bytes that it knows. */
  know(signatures: Readonly<Record<string, Uint8Array | string>>): Promise<void>;
  kill(): void;
}

export function clamdInstalled(): boolean {
  try {
    execFileSync('clamd', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export async function startClamd(folder: string, signatures: Parameters<Clamd['know']>[0]): Promise<Clamd> {
  const database = join(folder, 'database');
  const socket = join(folder, 'clamd.sock');
  await mkdir(database);
  // Extended signature format: name, any target, any offset, the bytes in hex.
  const write = (known: typeof signatures) => {
    const lines = Object.entries(known).map(([name, bytes]) => `${name}:0:*:${Buffer.from(bytes).toString('hex')}\n`);
    return writeFile(join(database, 'own.ndb'), lines.join(''));
  };
  await write(signatures);
  const config = [`LocalSocket ${socket}`, `DatabaseDirectory ${database}`, 'Foreground yes', 'StreamMaxLength 1M'];
  await writeFile(join(folder, 'clamd.conf'), `${config.join('\n')}\n`);
  const clamd: ChildProcess = spawn('clamd', ['--config-file', join(folder, 'clamd.conf')], { stdio: 'ignore' });
  const settings = { address: { socket }, patienceMilliseconds: 60_000 };
  await until('clamd answers', async () => (await clamdVersion(settings).catch(() => '')) !== '', 60);
  return {
    socket,
    async know(known) {
      await write(known);
      await command(socket, 'zRELOAD\0');
    },
    kill: () => void clamd.kill('SIGKILL'),
  };
}

function command(path: string, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path }, () => void socket.write(text));
    socket.on('error', reject).on('data', () => {
      socket.destroy();
      resolve();
    });
  });
}
