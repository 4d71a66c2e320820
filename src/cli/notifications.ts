// SPDX-License-Identifier: Apache-2.0
import { Command, InvalidArgumentError } from 'commander';
import * as z from 'zod';
import { type ApiClient, clientOptions, createApiClient } from './api-client.ts';
import { EXIT } from './exit.ts';
import { printed } from './printed.ts';

const STATES = ['pending', 'sent', 'dead'] as const;

const messageShape = z.looseObject({
  id: z.string(),
  endpoint: z.string(),
  event: z.string(),
  state: z.string(),
  attempts: z.number(),
  nextAt: z.string().nullable(),
  createdAt: z.string(),
  lastError: z.string().nullable(),
  text: z.string(),
});
const listShape = z.looseObject({
  endpoints: z.array(z.looseObject({ name: z.string(), events: z.array(z.string()), gone: z.boolean() })),
  messages: z.array(messageShape),
});
type Message = z.infer<typeof messageShape>;
type List = z.infer<typeof listShape>;

const retriedShape = z.looseObject({ retried: z.number() });
const discardedShape = z.looseObject({ discarded: z.number() });
const testedShape = z.looseObject({ endpoint: z.string(), result: z.string(), answer: z.string() });

interface ListOptions {
  readonly state?: string;
  readonly endpoint?: string;
  readonly limit: number;
  readonly json?: boolean;
}

/** `airlock notifications list`, `retry`, `discard`, `test`: what others are told, and what did not reach them. */
export function notificationsCommand(env: NodeJS.ProcessEnv): Command {
  const notifications = new Command('notifications').description('what others are told, and what did not reach them');
  notifications
    .command('list')
    .description('endpoints, and messages to them, newest first')
    .option('--state <state>', `one of ${STATES.join(', ')}`, parseState)
    .option('--endpoint <name>', 'to one endpoint')
    .option('--limit <n>', 'at most so many messages, up to 1000', parseLimit, 100)
    .option('--json', 'print all as one JSON object')
    .action(async (options: ListOptions) => {
      const { json, ...query } = options;
      const asked = new URLSearchParams(Object.entries(query).map(([key, value]) => [key, String(value)]));
      const list = listShape.parse(await (await client(env)).get(`notifications?${asked}`));
      process.stdout.write(json ? `${JSON.stringify(list)}\n` : asText(list));
    });
  which(notifications, 'retry', 'try dead letters again, at once').action(async (id: string | undefined, options) => {
    const { retried } = retriedShape.parse(await act(env, 'retry', id, options));
    process.stdout.write(`${retried} to be tried again\n`);
  });
  which(notifications, 'discard', 'forget dead letters').action(async (id: string | undefined, options) => {
    const { discarded } = discardedShape.parse(await act(env, 'discard', id, options));
    process.stdout.write(`${discarded} discarded\n`);
  });
  notifications
    .command('test')
    .description('send a test message, and say what came back')
    .argument('<endpoint>', 'its name in the configuration')
    .action(async (endpoint: string) => {
      const tested = testedShape.parse(await (await client(env)).post('notifications/test', { endpoint }));
      process.stdout.write(`${printed(tested.endpoint)}: ${printed(tested.result)} (${printed(tested.answer)})\n`);
      if (tested.result !== 'sent') process.exitCode = EXIT.failure;
    });
  return notifications;
}

interface WhichOptions {
  readonly endpoint?: string;
  readonly all?: boolean;
}

function which(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .description(description)
    .argument('[id]', 'one, as "airlock notifications list --state dead" shows it')
    .option('--endpoint <name>', 'all of one endpoint')
    .option('--all', 'all there are');
}

async function act(
  env: NodeJS.ProcessEnv,
  verb: string,
  id: string | undefined,
  options: WhichOptions,
): Promise<unknown> {
  return (await client(env)).post(`notifications/${verb}`, { ...(id === undefined ? {} : { id }), ...options });
}

async function client(env: NodeJS.ProcessEnv): Promise<ApiClient> {
  return createApiClient(await clientOptions(env));
}

function parseState(text: string): string {
  if ((STATES as readonly string[]).includes(text)) return text;
  throw new InvalidArgumentError(`Give one of ${STATES.join(', ')}.`);
}

function parseLimit(text: string): number {
  const limit = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= 1000) return limit;
  throw new InvalidArgumentError('Give a number from 1 to 1000.');
}

function asText({ endpoints, messages }: List): string {
  if (endpoints.length === 0) return 'nobody is told of anything: set notifications in the configuration\n';
  const head = endpoints.map(({ name, events, gone }) => {
    const wants = gone ? 'wants nothing any more (HTTP 410)' : events.map(printed).join(', ');
    return `endpoint ${printed(name)}: ${wants}`;
  });
  return `${[...head, ...messages.map(line)].join('\n')}\n`;
}

function line({ id, endpoint, state, attempts, nextAt, createdAt, lastError, text }: Message): string {
  const why = lastError === null ? '' : `: ${printed(lastError)}`;
  const next = nextAt === null ? '' : `, next ${minute(nextAt)}`;
  return `${printed(id)} ${minute(createdAt)} to ${printed(endpoint)}: ${printed(state)}, tried ${attempts}x${why}${next}: ${printed(text)}`;
}

function minute(time: string): string {
  return printed(time.slice(0, 16).replace('T', ' '));
}
