// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { freePort } from './free-port.ts';
import { type RunResult, run } from './run.ts';
import { until } from './until.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const START_FLAGS = ['--max-semi-space-size=4', '--max-old-space-size=512'];

export interface MirrorOptions {
  /** The one upstream; left out where the configuration has a list of them. */
  readonly upstream?: string;
  /** The data folder. The folder around it is the test's, and takes the configuration file. */
  readonly dataDir: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A configuration file's content; what it leaves out has the default. Without one, `config/default.yaml` rules. */
  readonly config?: object;
  /** Default: a free one. */
  readonly port?: number;
}

/** The real server as a real process. */
export class Mirror {
  readonly url: string;
  readonly dataDir: string;
  readonly options: MirrorOptions;
  readonly #child: ChildProcess;
  #logs = '';

  constructor(child: ChildProcess, url: string, options: MirrorOptions) {
    this.#child = child;
    this.url = url;
    this.dataDir = options.dataDir;
    this.options = options;
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#logs += text;
      });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get exitStatus(): number | undefined {
    return this.#child.exitCode ?? undefined;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Everything it has written so far. */
  logs(): string {
    return this.#logs;
  }

  /** As Ctrl-C or a container engine would. @throws Error when it has not ended after 20 seconds. */
  async stop(): Promise<void> {
    if (!this.running) return;
    this.#child.kill('SIGTERM');
    await until('the mirror ends after SIGTERM', () => !this.running, 20).catch((error: unknown) => {
      this.#child.kill('SIGKILL');
      throw error;
    });
  }

  async kill9(): Promise<void> {
    this.#child.kill('SIGKILL');
    await until('the mirror is killed', () => !this.running);
  }
}

/** @throws Error with the server's output, when it is not ready after 30 seconds or ends before. */
export async function startMirror(options: MirrorOptions): Promise<Mirror> {
  const port = options.port ?? (await freePort());
  const args = ['serve', ...(await configArgs(options))];
  // The flags of `npm start`: without them V8 lets garbage lie, 100 MB of it after a minute of small requests.
  const child = spawn(process.execPath, [...START_FLAGS, join(ROOT, 'src', 'cli.ts'), ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      AIRLOCK_LISTEN: `127.0.0.1:${port}`,
      AIRLOCK_DATA: options.dataDir,
      ...(options.upstream === undefined ? {} : { AIRLOCK_UPSTREAM: options.upstream }),
      ...options.env,
    },
  });
  const mirror = new Mirror(child, `http://127.0.0.1:${port}`, options);
  try {
    await until('the mirror is ready', async () => {
      if (!mirror.running) throw new Error(`The mirror ended with ${mirror.exitStatus}`);
      const answer = await fetch(`${mirror.url}/readyz`).catch(() => undefined);
      return answer?.status === 200;
    });
  } catch (error) {
    child.kill('SIGKILL');
    throw new Error(`${String(error)}\n${mirror.logs()}`);
  }
  return mirror;
}

async function configArgs(options: MirrorOptions): Promise<string[]> {
  if (options.config === undefined) return [];
  const file = join(options.dataDir, '..', 'config.yaml');
  await writeFile(file, stringify(options.config));
  return ['--config', file];
}

/** The `airlock` command, pointed at a running mirror; the administrator's token comes from its data folder. */
export function airlock(
  args: readonly string[],
  mirror?: Mirror,
  more: Readonly<Record<string, string>> = {},
): Promise<RunResult> {
  const env = mirror ? { AIRLOCK_URL: mirror.url, AIRLOCK_DATA: mirror.dataDir } : {};
  return run(process.execPath, [join(ROOT, 'src', 'cli.ts'), ...args], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env, ...more },
  });
}
