// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WORKER } from '#src/scan/extraction.ts';
import { DEFAULT_LIMITS } from '#src/scan/limits.ts';
import { startSandboxed } from '#src/scan/sandbox.ts';

const ATTACKER = new URL('./sandboxed/attacker.ts', import.meta.url);

interface Attack {
  readonly results: Readonly<Record<string, string>>;
  readonly environment: object;
}

describe('the scanner process', () => {
  let folder: string;
  let server: Server;
  let connections = 0;
  let attack: Attack;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'airlock-sandbox-'));
    await writeFile(join(folder, 'key.pem'), 'a private key');
    await writeFile(join(folder, 'model.bin'), 'data');
    await writeFile(join(folder, 'evil.mjs'), 'export {};');
    server = createServer(() => connections++).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    process.env.AIRLOCK_TEST_SECRET = 'in the environment';
    attack = await run();
  });

  afterAll(async () => {
    delete process.env.AIRLOCK_TEST_SECRET;
    server.close();
    await rm(folder, { recursive: true });
  });

  async function run(): Promise<Attack> {
    const file = await open(join(folder, 'model.bin'), 'r');
    const { port } = server.address() as AddressInfo;
    const argument = JSON.stringify({ secret: join(folder, 'key.pem'), port, scratch: folder });
    const child = startSandboxed(ATTACKER, argument, [file.fd], DEFAULT_LIMITS);
    let out = '';
    let err = '';
    child.stdout?.on('data', (chunk) => (out += chunk));
    child.stderr?.on('data', (chunk) => (err += chunk));
    await new Promise((resolve) => child.once('close', resolve));
    await file.close();
    expect(err).toBe('');
    return JSON.parse(out) as Attack;
  }

  test('reads what it was given', () => {
    expect(attack.results['inherited descriptor']).toBe('done: 4');
  });

  // Standard output and error are sockets, 3 is the file that it was given.
  test('inherits no other descriptor', () => {
    expect(attack.results['descriptors of the parent']).toBe('done: 1 2 3');
  });

  test('inherits no environment', () => {
    expect(process.env.AIRLOCK_TEST_SECRET).toBe('in the environment');
    expect(attack.environment).toEqual({});
  });

  test.each([
    ['write to it', 'EBADF'],
    ['key file', 'ERR_ACCESS_DENIED'],
    ['key file through /proc', 'ERR_ACCESS_DENIED'],
    ['environment of the parent', 'ERR_ACCESS_DENIED'],
    ['write a file', 'ERR_ACCESS_DENIED'],
    ['tcp', 'ERR_ACCESS_DENIED'],
    ['unix socket', 'ERR_ACCESS_DENIED'],
    ['listen', 'ERR_ACCESS_DENIED'],
    ['udp', 'ERR_ACCESS_DENIED'],
    ['name look-up', 'ERR_ACCESS_DENIED'],
    ['fetch', 'ERR_ACCESS_DENIED'],
    ['spawn', 'ERR_ACCESS_DENIED'],
    ['thread', 'ERR_ACCESS_DENIED'],
    ['addon', 'ERR_DLOPEN_DISABLED'],
    ['inspector', 'ERR_ACCESS_DENIED'],
    ['internal binding', 'ERR_ACCESS_DENIED'],
    ['spawn by binding', 'ERR_ACCESS_DENIED'],
    ['inspector session', 'ERR_ACCESS_DENIED'],
    ['folder above', 'ERR_ACCESS_DENIED'],
    ['path that climbs', 'ERR_ACCESS_DENIED'],
    ['memory of the process', 'ERR_ACCESS_DENIED'],
    ['maps of the process', 'ERR_ACCESS_DENIED'],
    ['working folder through /proc', 'ERR_ACCESS_DENIED'],
    ['root through /proc', 'ERR_ACCESS_DENIED'],
    ['symbolic link', 'ERR_ACCESS_DENIED'],
    ['symbolic link beside the sources', 'ERR_ACCESS_DENIED'],
    ['hard link', 'ERR_ACCESS_DENIED'],
    ['heap snapshot', 'ERR_ACCESS_DENIED'],
    ['report', 'ERR_ACCESS_DENIED'],
    ['module from a path', 'ERR_ACCESS_DENIED'],
    ['wasi', 'ERR_ACCESS_DENIED'],
    // Node 26.10 opens and creates database files past its permission model: the module itself is switched off.
    ['database file', 'ERR_UNKNOWN_BUILTIN_MODULE'],
    ['signal to the parent', 'ERR_ACCESS_DENIED'],
    ['signal by its inner name', 'ERR_ACCESS_DENIED'],
    ['signal by an import', 'ERR_ACCESS_DENIED'],
    ['inspector of the parent', 'ERR_ACCESS_DENIED'],
    ['priority of the parent', 'ERR_ACCESS_DENIED'],
    ['another user', 'ERR_ACCESS_DENIED'],
    ['flags of the engine', 'ERR_ACCESS_DENIED'],
    ['another program', 'ERR_ACCESS_DENIED'],
    ['cluster', 'ERR_ACCESS_DENIED'],
    ['http2', 'ERR_ACCESS_DENIED'],
    ['environment from a file', 'ERR_ACCESS_DENIED'],
    ['another working folder', 'ERR_ACCESS_DENIED'],
    ['trace events', 'ERR_ACCESS_DENIED'],
    ['code from text', 'Code generation from strings disallowed for this context'],
  ])('is refused: %s', (name, code) => {
    expect(attack.results[name]).toBe(`refused: ${code}`);
  });

  test('left nothing behind and reached nobody', () => {
    expect(existsSync(join(folder, 'written'))).toBe(false);
    expect(existsSync(join(folder, 'written.db'))).toBe(false);
    expect(connections).toBe(0);
    expect(Object.keys(attack.results)).toHaveLength(48);
  });

  test('is the real worker: its script lies among the scanners, which import nothing from elsewhere', () => {
    expect(WORKER.pathname).toMatch(/\/scanners\/worker\.ts$/);
  });
});
