// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import { Argument, Command } from 'commander';
import { type PolicyParts, parsePolicyParts } from '#src/config/policy-files.ts';
import { EXIT } from './exit.ts';
import { explanationText } from './print-explanation.ts';
import { printed } from './printed.ts';
import { startFolder } from './start-folder.ts';

interface PolicyOptions {
  readonly config?: string;
  readonly policy?: string;
  readonly sources?: string;
  readonly json?: boolean;
  readonly explain?: boolean;
}

const STATUS = { approved: 0, 'goes-on': 0, held: 1, denied: EXIT.refused } as const;

/** `airlock policy test`, `schema`: the policy, without a mirror. */
export function policyCommand(env: NodeJS.ProcessEnv): Command {
  const policy = new Command('policy').description('try, explain and change the policy');
  policy
    .command('test')
    .description('judge evidence documents without a mirror; exit status 0 approved or as expected, 1 held, 2 denied')
    .argument('<evidence...>', 'JSON files: see src/policy/EVIDENCE.md; "expect" in one says what is wanted of it')
    .option('--config <file>', 'the configuration whose policy and sources are tried')
    .option('--policy <file>', 'a policy of its own instead')
    .option('--sources <file>', 'sources of their own instead')
    .option('--explain', 'print every rule: what it saw, what it said, what would change it')
    .option('--json', 'print one JSON object for each file, one a line')
    .action(async (files: string[], options: PolicyOptions) => {
      const { judgeFile } = await import('./policy-test.ts');
      const parts = await partsOf(options, env);
      let worst = 0;
      for (const name of files) {
        const { answer, status } = await judgeFile(resolve(startFolder(env), name), parts, STATUS);
        process.stdout.write(
          options.json ? `${JSON.stringify({ file: name, ...answer })}\n` : text(name, answer, options),
        );
        worst = Math.max(worst, status);
      }
      process.exitCode = worst;
    });
  policy
    .command('schema')
    .description('print the JSON Schema of a file, for editors')
    .addArgument(new Argument('<name>', 'which file').choices(['policy', 'sources', 'evidence']))
    .action(async (name: 'policy' | 'sources' | 'evidence') => {
      const { jsonSchemaText } = await import('#src/config/json-schemas.ts');
      process.stdout.write(jsonSchemaText(name));
    });
  return policy;
}

/** Without any file, the defaults hold. */
async function partsOf({ config, policy, sources }: PolicyOptions, env: NodeJS.ProcessEnv): Promise<PolicyParts> {
  const at = (file: string | undefined) => file && resolve(startFolder(env), file);
  if (!config && !policy && !sources) return parsePolicyParts({});
  const { loadPolicyParts } = await import('#src/config/policy-files.ts');
  return loadPolicyParts({ config: at(config), policy: at(policy), sources: at(sources) });
}

type Answer = Awaited<ReturnType<typeof import('./policy-test.ts').judgeFile>>['answer'];

function text(name: string, { explanation, problems }: Answer, { explain }: PolicyOptions): string {
  const lines = problems.map((problem) => `  unexpected: ${printed(problem)}`);
  const body = explanationText(explanation, explain ? 'all' : 'speaking');
  return `${[`${printed(name)}: ${explanation.outcome}`, ...lines, ...body].join('\n')}\n`;
}
