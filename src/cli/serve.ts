// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import { Command } from 'commander';

const DEFAULT_CONFIG = resolve(import.meta.dirname, '../../config/default.yaml');

/** `airlock serve`: run the mirror until Ctrl-C or SIGTERM. */
export function serveCommand(env: NodeJS.ProcessEnv): Command {
  return new Command('serve')
    .description('run the mirror; SIGHUP reads the scanner rules again and judges all releases by them')
    .option('--config <file>', 'configuration file', env.AIRLOCK_CONFIG ?? DEFAULT_CONFIG)
    .action(async ({ config: file }: { config: string }) => {
      // Loaded here, because it is most of the program and the other subcommands need none of it.
      const [{ loadConfig }, { startMirror }] = await Promise.all([import('#src/config.ts'), import('#src/main.ts')]);
      const config = await loadConfig({ file, env });
      const mirror = await startMirror(config, (line) => void process.stdout.write(`${line}\n`));
      // A second signal ends at once: what is half done is safe, by design and by test.
      const stop = (): void => {
        process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143));
        mirror.stop().then(
          () => process.exit(0),
          (error: unknown) => {
            process.stderr.write(`${String(error)}\n`);
            process.exit(1);
          },
        );
      };
      process.once('SIGINT', stop).once('SIGTERM', stop);
      process.on('SIGHUP', () => mirror.reloadRules());
    });
}
