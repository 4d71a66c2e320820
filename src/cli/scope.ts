// SPDX-License-Identifier: Apache-2.0
import { type Command, InvalidArgumentError } from 'commander';
import { isSha256 } from '#src/domain/digest.ts';
import { EXIT } from './exit.ts';
import { parseRepoArgument, parseSubject, type SubjectArgument } from './subject.ts';

/** What a revocation names: one commit, or one of the options. */
export interface ScopeOptions {
  readonly repo?: SubjectArgument;
  readonly digest?: string;
  readonly publisher?: string;
  readonly rule?: string;
}

export function withScope(command: Command): Command {
  return command
    .argument(
      '[repo@rev]',
      'org/name, org/name@branch or org/name@commit; datasets/org/name for datasets',
      parseSubject,
    )
    .option('--repo <repo>', 'every commit of a repo', parseRepoArgument)
    .option('--digest <sha256>', 'whatever has this file, or this custom code', parseDigest)
    .option('--publisher <name>', 'every repo of an organisation or a person upstream')
    .option('--rule <id>', 'whatever was approved although this rule of policy or scanner spoke against it');
}

/** The one option that was given; undefined where the argument was. Anything else ends the command. */
export function scopeOf(
  subject: SubjectArgument | undefined,
  { repo, digest, publisher, rule }: ScopeOptions,
  command: Command,
): Readonly<Record<string, string>> | undefined {
  const scopes: Record<string, string>[] = [
    ...(repo ? [{ type: 'repo', kind: repo.repo.kind, repo: repo.repo.id }] : []),
    ...(digest === undefined ? [] : [{ type: 'digest', digest }]),
    ...(publisher === undefined ? [] : [{ type: 'publisher', publisher }]),
    ...(rule === undefined ? [] : [{ type: 'rule', rule }]),
  ];
  if (scopes.length + (subject ? 1 : 0) !== 1)
    command.error('error: name one thing: REPO@REV, --repo, --digest, --publisher or --rule', { exitCode: EXIT.usage });
  return scopes[0];
}

function parseDigest(text: string): string {
  const digest = text.replace(/^sha256:/, '').toLowerCase();
  if (!isSha256(digest)) throw new InvalidArgumentError('Give a sha256: 64 hex digits.');
  return digest;
}
