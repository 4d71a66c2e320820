#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { affectedCommand } from './cli/affected.ts';
import { alertsCommand } from './cli/alerts.ts';
import { auditCommand } from './cli/audit.ts';
import { caseCommand } from './cli/case.ts';
import { evidenceCommand } from './cli/evidence.ts';
import { EXIT } from './cli/exit.ts';
import { notificationsCommand } from './cli/notifications.ts';
import { policyCommand } from './cli/policy.ts';
import { pullCommand } from './cli/pull.ts';
import { rescanCommand } from './cli/rescan.ts';
import { reviewCommands } from './cli/review.ts';
import { revokeCommands } from './cli/revoke.ts';
import { rulesCommand } from './cli/rules.ts';
import { scanCommand } from './cli/scan.ts';
import { serveCommand } from './cli/serve.ts';
import { statusCommand } from './cli/status.ts';
import { sweepCommand } from './cli/sweep.ts';
import { tokenCommand } from './cli/token.ts';
import { AirlockError, messageOf } from './domain/errors.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const program = new Command('airlock')
  .description('A mirror of the Hugging Face Hub that serves only approved, verified and signed copies.')
  .version(version);
const commands = [
  serveCommand(process.env),
  pullCommand(process.env),
  statusCommand(process.env),
  ...reviewCommands(process.env),
  ...revokeCommands(process.env),
  caseCommand(process.env),
  affectedCommand(process.env),
  alertsCommand(process.env),
  rescanCommand(process.env),
  evidenceCommand(process.env),
  tokenCommand(process.env),
  auditCommand(process.env),
  notificationsCommand(process.env),
  policyCommand(process.env),
  scanCommand(),
  sweepCommand(),
  rulesCommand(),
];
for (const command of commands) program.addCommand(command);
for (const command of [program, ...commands, ...commands.flatMap((one) => one.commands)]) command.exitOverride();

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : EXIT.usage;
  else {
    process.stderr.write(`airlock: ${messageOf(error)}\n`);
    process.exitCode = error instanceof AirlockError && error.code === 'config-invalid' ? EXIT.config : EXIT.failure;
  }
}
