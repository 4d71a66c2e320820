// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import { Command } from 'commander';
import { loadRules, type Rules } from '#scanners/rules.ts';
import { testRules } from '#scanners/rules-test.ts';
import { AirlockError, messageOf } from '#src/domain/errors.ts';
import { EXIT } from './exit.ts';
import { printed } from './printed.ts';
import { startFolder } from './start-folder.ts';

/** `airlock rules test`, `list`, `show`: the scanner rules, without a mirror. */
export function rulesCommand(env: NodeJS.ProcessEnv = process.env): Command {
  const rules = new Command('rules').description('check and explain the scanner rules, without a mirror');
  const folder = ['--rules <folder>', 'rule files of your own, beside those that the mirror brings along'] as const;
  const load = (options: { rules?: string }) => loaded(options.rules && resolve(startFolder(env), options.rules));
  rules
    .command('test')
    .description('check the form of every rule, and run the examples that stand beside them')
    .option(...folder)
    .action((options: { rules?: string }) => {
      const set = load(options);
      const { examples, problems } = testRules(set);
      for (const problem of problems) process.stdout.write(`  ${printed(problem)}\n`);
      const count = Object.keys(set.rules).length;
      process.stdout.write(
        `rules ${set.version.slice(0, 12)}: ${count} rule ids, ${examples} examples, ${problems.length} problems\n`,
      );
      if (problems.length > 0) process.exitCode = EXIT.refused;
    });
  rules
    .command('list')
    .description('every rule id, with what it means for someone who loads the file')
    .option(...folder)
    .action((options: { rules?: string }) => {
      for (const [id, { means }] of Object.entries(load(options).rules).sort())
        process.stdout.write(`${id}: ${means}\n`);
    });
  rules
    .command('show')
    .description('one rule id')
    .argument('<id>', 'the rule id of a finding')
    .option(...folder)
    .action((id: string, options: { rules?: string }, command: Command) => {
      const { rules: catalogue } = load(options);
      const rule = Object.hasOwn(catalogue, id) ? catalogue[id] : undefined;
      if (rule === undefined)
        return command.error(`error: there is no rule ${printed(id)}. "airlock rules list" names all.`, {
          exitCode: EXIT.usage,
        });
      const more = rule.references === undefined ? '' : `\n  more: ${rule.references.join(', ')}`;
      process.stdout.write(`${id}: ${rule.means}${more}\n`);
    });
  return rules;
}

function loaded(folder: string | undefined): Rules {
  try {
    return loadRules(folder);
  } catch (error) {
    throw new AirlockError('config-invalid', messageOf(error), {}, error);
  }
}
