// SPDX-License-Identifier: Apache-2.0
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { loadPublicKey, type PublicKey } from '#src/attest/signer.ts';
import { AirlockError, messageOf } from '#src/domain/errors.ts';
import { repoName } from '#src/domain/repo.ts';
import type { Found } from '#src/sweep/found.ts';
import { readNotice } from '#src/sweep/read-notice.ts';
import { revokedBy } from '#src/sweep/revoked.ts';
import { remove, sweep } from '#src/sweep/sweep.ts';
import { clientOptions, createApiClient } from './api-client.ts';
import { EXIT } from './exit.ts';
import { printed } from './printed.ts';
import { startFolder } from './start-folder.ts';

interface SweepArguments {
  readonly notice?: string;
  readonly key?: string;
  readonly hash?: boolean;
  readonly delete?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/**
 * `airlock sweep DIR`: copies of what was revoked, in a folder of this machine. Exit status: 0 none, 2 some were found
 * (deleted or not), 70 none, and not everything could be read; 64 wrong usage.
 */
export function sweepCommand(env: NodeJS.ProcessEnv = process.env): Command {
  return new Command('sweep')
    .description('find copies of what was revoked in a cache of Hugging Face clients; exit status 0 none, 2 some')
    .argument('<dir>', 'a cache such as ~/.cache/huggingface, or any folder with downloads below it')
    .option(
      '--notice <file>',
      'what was revoked: a signed notice, or a list of sha256, one a line; default: ask the mirror',
    )
    .option('--key <file>', "the mirror's public evidence key, which checks a signed notice")
    .option('--hash', 'read the bytes of files too, where names say nothing')
    .option('--delete', 'delete what is found, with the links to it; needs --yes, and a notice with --key')
    .option('--yes', 'yes, delete')
    .option('--json', 'print one JSON object for each copy, one a line')
    .action(async (dir: string, options: SweepArguments, command: Command) => {
      const folder = resolve(startFolder(env), dir);
      const usage = await wrongUsage(folder, dir, options);
      if (usage !== undefined) command.error(`error: ${usage}`, { exitCode: EXIT.usage });
      process.exitCode = await run(folder, options, env);
    });
}

async function wrongUsage(folder: string, dir: string, options: SweepArguments): Promise<string | undefined> {
  const stats = await stat(folder).catch(() => undefined);
  if (!stats?.isDirectory()) return `${dir} is no folder`;
  if (options.notice === undefined && options.key === undefined)
    return 'name a notice with --notice, or the evidence key of the mirror with --key to have it asked';
  if (!options.delete) return undefined;
  if (!options.yes) return '--delete needs --yes: look first at what is found without it';
  // Whoever can hand somebody a list must not be able to have any file deleted that they know.
  return options.key === undefined ? '--delete needs a signed notice, and --key to check it' : undefined;
}

async function run(folder: string, options: SweepArguments, env: NodeJS.ProcessEnv): Promise<number> {
  const from = startFolder(env);
  const key = options.key === undefined ? undefined : await readKey(resolve(from, options.key));
  const bytes = options.notice === undefined ? await askMirror(env) : await readInput(resolve(from, options.notice));
  const notice = readNotice(bytes, key, new Date().toISOString());
  let [copies, problems] = [0, 0];
  const problem = (path: string, what: string) => {
    problems += 1;
    process.stderr.write(`not read: ${printed(path)}: ${printed(what)}\n`);
  };
  for await (const found of sweep(folder, { revoked: revokedBy(notice), hash: options.hash ?? false, problem })) {
    copies += 1;
    process.stdout.write(options.json ? `${JSON.stringify(asJson(found))}\n` : asText(found));
    if (options.delete) await deleted(found, problem);
  }
  process.stderr.write(`${copies} ${copies === 1 ? 'copy' : 'copies'} of what was revoked, ${problems} not read\n`);
  if (copies > 0) return EXIT.refused;
  return problems > 0 ? EXIT.failure : 0;
}

/** Everything that is revoked there now. The signature covers what is inside, so that the JSON around it may be written anew. */
async function askMirror(env: NodeJS.ProcessEnv): Promise<Buffer> {
  return Buffer.from(JSON.stringify(await createApiClient(await clientOptions(env)).get('notice')));
}

async function deleted(found: Found, problem: (path: string, what: string) => void): Promise<void> {
  for await (const { path, problem: what } of remove(found)) {
    if (what === undefined) process.stderr.write(`deleted: ${printed(path)}\n`);
    else problem(path, `not deleted: ${what}`);
  }
}

async function readKey(path: string): Promise<PublicKey> {
  return loadPublicKey('evidence', (await readInput(path)).toString());
}

async function readInput(path: string): Promise<Buffer> {
  return readFile(path).catch((cause: unknown) => {
    throw new AirlockError('bad-request', `${path} can not be read: ${messageOf(cause)}`, {}, cause);
  });
}

function asJson({ path, repo, commit, reason, ruling, by }: Found): object {
  return { path, ...(repo && { kind: repo.kind, repo: repo.id }), commit, reason, ruling, by };
}

function asText({ path, repo, commit, reason, ruling, by }: Found): string {
  const name = repo ? `${repoName(repo)}${commit ? `@${commit}` : ''}` : commit;
  const number = ruling === undefined ? '' : `, ruling ${ruling}`;
  return `${printed(path)}: ${name ? `${printed(name)}: ` : ''}${printed(reason)} (by ${by}${number})\n`;
}
