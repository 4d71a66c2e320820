// SPDX-License-Identifier: Apache-2.0
import { Command, InvalidArgumentError } from 'commander';
import * as z from 'zod';
import { type ApiClient, clientOptions, createApiClient } from './api-client.ts';
import { parsePerson, whoami } from './person.ts';
import { printed } from './printed.ts';

const alertShape = z.looseObject({
  id: z.number(),
  type: z.string(),
  message: z.string(),
  raisedAt: z.string(),
  acknowledgedAt: z.string().nullable(),
  acknowledgedBy: z.string().nullable(),
  words: z.string().nullable(),
});
type Alert = z.infer<typeof alertShape>;

/** Alerts in a list: the newest. */
const LISTED = 500;

/** `airlock alerts`, `airlock alerts ack`: what upstream did to what is approved here, and what people made of it. */
export function alertsCommand(env: NodeJS.ProcessEnv): Command {
  const list = new Command('list')
    .description('what nobody has acknowledged yet, newest first')
    .option('--all', 'what somebody has acknowledged, too')
    .option('--json', 'print them as one JSON array')
    .action(async (options: { all?: boolean; json?: boolean }) => {
      const query = `alerts?limit=${LISTED}${options.all ? '&all=true' : ''}`;
      const alerts = z.array(alertShape).parse(await (await client(env)).get(query));
      process.stdout.write(options.json ? `${JSON.stringify(alerts)}\n` : asText(alerts));
    });
  const ack = new Command('ack')
    .description('say what was made of an alert; it is no longer open')
    .argument('<id>', 'its number, as "airlock alerts" shows it', parseId)
    .requiredOption('--reason <text>', 'what was made of it')
    .option('--by <name>', 'who says so', parsePerson, whoami())
    .action(async (id: number, { by, reason }: { by: string; reason: string }) => {
      const alert = alertShape.parse(await (await client(env)).post(`alerts/${id}/acknowledge`, { by, reason }));
      process.stdout.write(asText([alert]));
    });
  return new Command('alerts')
    .description('what upstream did to what is approved here: force-pushes, vanished commits, and the like')
    .addCommand(list, { isDefault: true })
    .addCommand(ack);
}

function parseId(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give the number of an alert.');
}

async function client(env: NodeJS.ProcessEnv): Promise<ApiClient> {
  return createApiClient(await clientOptions(env));
}

function asText(alerts: readonly Alert[]): string {
  if (alerts.length === 0) return 'no alert is open\n';
  const lines = alerts.map(({ id, type, message, raisedAt, acknowledgedAt, acknowledgedBy, words }) => {
    const said = acknowledgedAt === null ? '' : ` (${printed(acknowledgedBy ?? '')}: ${printed(words ?? '')})`;
    return `${id} ${minute(raisedAt)} ${printed(type)}: ${printed(message)}${said}`;
  });
  if (alerts.length === LISTED) lines.push(`These are the newest ${LISTED}.`);
  return `${lines.join('\n')}\n`;
}

function minute(time: string): string {
  return printed(time.slice(0, 16).replace('T', ' '));
}
