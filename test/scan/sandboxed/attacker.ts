// SPDX-License-Identifier: Apache-2.0
// Runs in place of the scanner's worker, started by the same function with the same flags, and tries what a process that
// was taken over would try. Its argument: {"secret": a file, "port": a listening port, "socket": ..., "scratch": a folder}.
import { readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';

const { secret, port, scratch } = JSON.parse(process.argv[2] ?? '{}');
const results: Record<string, string> = {};

async function attempt(name: string, act: () => unknown): Promise<void> {
  try {
    results[name] = `done: ${String(await act())}`;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    results[name] = `refused: ${code ?? message}`;
  }
}

const connected = (options: object) =>
  import('node:net').then(
    ({ connect }) =>
      new Promise((resolve, reject) => {
        const socket = connect(options as never, () => resolve(socket.destroy() && 'connected'));
        socket.on('error', reject);
      }),
  );

await attempt('inherited descriptor', () => readSync(3, Buffer.alloc(4), 0, 4, 0));
await attempt('write to it', () => writeSync(3, 'x'));
await attempt('key file', () => readFileSync(secret, 'utf8'));
await attempt('key file through /proc', () => readFileSync('/proc/self/fd/3'));
await attempt('environment of the parent', () => readFileSync(`/proc/${process.ppid}/environ`));
await attempt('write a file', () => writeFileSync(`${scratch}/written`, 'x'));
await attempt('tcp', () => connected({ host: '127.0.0.1', port }));
await attempt('unix socket', () => connected({ path: `${scratch}/socket` }));
await attempt('listen', async () => {
  const { createServer } = await import('node:net');
  return new Promise((resolve, reject) => {
    // Node throws this refusal where nobody can catch it.
    process.once('uncaughtException', reject);
    createServer()
      .on('error', reject)
      .listen(0, '127.0.0.1', () => resolve('listening'));
  });
});
await attempt('udp', async () => {
  const { createSocket } = await import('node:dgram');
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4').on('error', reject);
    socket.send('x', port, '127.0.0.1', (error) => (error ? reject(error) : resolve('sent')));
  });
});
await attempt('name look-up', async () => (await import('node:dns/promises')).lookup('localhost'));
await attempt('fetch', () => fetch(`http://127.0.0.1:${port}/`).catch((error) => Promise.reject(error.cause ?? error)));
await attempt('spawn', async () => (await import('node:child_process')).execFileSync('/bin/true'));
await attempt('thread', async () => new (await import('node:worker_threads')).Worker('1', { eval: true }));
await attempt('addon', () => process.dlopen({ exports: {} }, `${scratch}/x.node`));
await attempt('inspector', async () => (await import('node:inspector')).open(0));
await attempt('database file', async () => {
  // Not named as a literal: the type checker knows the module that these flags take away.
  const { DatabaseSync } = await import(['node', 'sqlite'].join(':'));
  return new DatabaseSync(`${scratch}/written.db`);
});
await attempt('internal binding', () => {
  const { binding } = process as unknown as { binding(name: string): { open?: unknown; spawn?: unknown } };
  const { open } = binding('fs') as { open(path: string, flags: number, mode: number): number };
  return open(secret, 0, 0o600);
});
await attempt('spawn by binding', () => {
  const { Process } = (process as unknown as { binding(name: string): { Process: new () => object } }).binding(
    'process_wrap',
  );
  return (new Process() as { spawn(options: object): number }).spawn({ file: '/bin/true', args: ['true'], stdio: [] });
});
await attempt('inspector session', async () => {
  const { Session } = await import('node:inspector');
  return new Session().connect();
});
await attempt('folder above', async () => (await import('node:fs')).readdirSync('..'));
await attempt('path that climbs', () => readFileSync(`${import.meta.dirname}/../sandboxed/../../../package.json`));
await attempt('memory of the process', () => readFileSync('/proc/self/mem'));
await attempt('maps of the process', () => readFileSync('/proc/self/maps'));
await attempt('working folder through /proc', () => readFileSync('/proc/self/cwd/../sandbox.test.ts'));
await attempt('root through /proc', () => readFileSync(`/proc/self/root${secret}`));
await attempt('symbolic link', async () => (await import('node:fs')).symlinkSync(secret, `${scratch}/link`));
await attempt('symbolic link beside the sources', async () =>
  (await import('node:fs')).symlinkSync(secret, `${import.meta.dirname}/link`),
);
await attempt('hard link', async () => (await import('node:fs')).linkSync(secret, `${import.meta.dirname}/link`));
await attempt('heap snapshot', async () => (await import('node:v8')).writeHeapSnapshot(`${scratch}/heap`));
await attempt('report', () => process.report.writeReport(`${scratch}/report`));
await attempt('module from a path', () => import(`${scratch}/evil.mjs`));
await attempt('wasi', async () => {
  const { WASI } = await import('node:wasi');
  return new WASI({ version: 'preview1', preopens: { '/': '/' } });
});
await attempt('signal to the parent', () => process.kill(process.ppid, 0));
await attempt('signal by its inner name', () =>
  (process as unknown as { _kill(pid: number, signal: number): number })._kill(process.ppid, 0),
);
await attempt('signal by an import', async () => (await import('node:process')).kill(process.ppid, 0));
await attempt('inspector of the parent', () =>
  (process as unknown as { _debugProcess(pid: number): void })._debugProcess(process.ppid),
);
await attempt('priority of the parent', async () => (await import('node:os')).setPriority(process.ppid, 19));
await attempt('another user', () => process.setuid?.(65_534));
await attempt('flags of the engine', async () =>
  (await import('node:v8')).setFlagsFromString('--allow-natives-syntax'),
);
await attempt('another program', () => (process as unknown as { execve(path: string): void }).execve('/bin/true'));
await attempt('cluster', async () => (await import('node:cluster')).default.fork());
await attempt('http2', async () => {
  const { connect } = await import('node:http2');
  return new Promise((resolve, reject) => {
    connect(`http://127.0.0.1:${port}`, () => resolve('connected')).on('error', reject);
  });
});
await attempt('environment from a file', () => process.loadEnvFile(secret));
await attempt('another working folder', () => process.chdir('/'));
await attempt('trace events', async () =>
  (await import('node:trace_events')).createTracing({ categories: ['v8'] }).enable(),
);
await attempt('descriptors of the parent', async () => {
  const { fstatSync } = await import('node:fs');
  const open = Array.from({ length: 1024 }, (_, fd) => fd).filter((fd) => {
    const stats = statOf(() => fstatSync(fd));
    return stats !== undefined && (stats.isFile() || stats.isDirectory() || stats.isSocket());
  });
  return open.join(' ');
});

function statOf<T>(stat: () => T): T | undefined {
  try {
    return stat();
  } catch {
    return undefined;
  }
}
await attempt('code from text', () => Function('return 1')());

process.stdout.write(JSON.stringify({ results, environment: process.env, argv: process.execArgv }), () =>
  process.exit(0),
);
