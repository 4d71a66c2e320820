// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { Command, InvalidArgumentError, Option } from 'commander';
import * as z from 'zod';
import { AirlockError } from '#src/domain/errors.ts';
import { type ApiClient, clientOptions, createApiClient } from './api-client.ts';
import { csvLine } from './csv.ts';
import { EXIT } from './exit.ts';
import { printed } from './printed.ts';
import { parseSubject, type SubjectArgument } from './subject.ts';

const text = z.string().nullable();
const eventShape = z.object({
  record: z.string(),
  at: z.string(),
  last: z.string(),
  type: z.string(),
  actor: text,
  owner: text,
  address: text,
  kind: text,
  repo: text,
  commit: text,
  path: text,
  sha256: text,
  details: z.record(z.string(), z.unknown()),
});
type AuditEvent = z.infer<typeof eventShape>;
const pageShape = z.object({ events: z.array(eventShape), next: text });

const findingShape = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), records: z.number(), chains: z.number() }),
  z.object({ type: z.literal('problem'), chain: z.string(), record: text, problem: z.string() }),
  z.object({ type: z.literal('end'), records: z.number(), chains: z.number(), problems: z.number() }),
  z.object({ type: z.literal('failed'), problem: z.string() }),
]);

interface SearchOptions {
  readonly repo?: SubjectArgument;
  readonly who?: string;
  readonly since?: string;
  readonly until?: string;
  readonly type?: string;
}

const PAGE = 1000;
const COLUMNS = [
  'at',
  'last',
  'type',
  'actor',
  'owner',
  'address',
  'kind',
  'repo',
  'commit',
  'path',
  'sha256',
  'record',
] as const;

/** `airlock audit search`, `export`, `verify`: who did, decided and was served what, out of signed records. */
export function auditCommand(env: NodeJS.ProcessEnv): Command {
  const audit = new Command('audit').description('who did, decided and was served what, out of signed records');
  searchOptions(audit.command('search').description('the newest events first'))
    .option('--limit <n>', 'so many events at most', parseLimit, 100)
    .option('--json', 'print them as one JSON array')
    .action(async (options: SearchOptions & { limit: number; json?: boolean }) => {
      const page = await readPage(await client(env), options, 'newest', Math.min(options.limit, PAGE));
      const answer = options.json ? `${JSON.stringify(page.events)}\n` : asText(page.events);
      process.stdout.write(answer);
    });
  searchOptions(audit.command('export').description('every event, the oldest first, to standard output'))
    .addOption(new Option('--format <format>', 'JSON lines or CSV').choices(['jsonl', 'csv']).default('jsonl'))
    .action(async (options: SearchOptions & { format: 'jsonl' | 'csv' }) => {
      if (options.format === 'csv') await write(csvLine([...COLUMNS, 'details']));
      const line = options.format === 'csv' ? asCsv : (event: AuditEvent) => `${JSON.stringify(event)}\n`;
      for await (const event of all(await client(env), options)) await write(line(event));
    });
  audit
    .command('verify')
    .description('check every signed record: its signature, its place, and that none is missing; status 2 where not')
    .option('--rebuild', 'then read what searches go by anew from the records')
    .action(async (options: { rebuild?: boolean }) => {
      const api = await client(env);
      if (!(await verified(api))) process.exitCode = EXIT.refused;
      if (options.rebuild) await api.post('audit/rebuild', {});
    });
  return audit;
}

function searchOptions(command: Command): Command {
  return command
    .option('--repo <repo>', 'of this repo; org/name@commit for one commit', parseSubject)
    .option('--who <who>', 'id of a token, its owner, a name, or an address')
    .option('--since <time>', 'such as 2026-03-01, 2026-03-01T12:00:00Z, or 7d for the last seven days', parseTime)
    .option('--until <time>', 'the same', parseTime)
    .option('--type <types>', 'act, failure, access, refusal, release, approval, revocation, ...; several with commas');
}

async function verified(api: ApiClient): Promise<boolean> {
  for await (const line of api.lines('audit/verify')) {
    const finding = findingShape.parse(line);
    if (finding.type === 'problem') {
      const { record, chain, problem } = finding;
      process.stdout.write(`${printed(record ?? chain)}: ${printed(problem)}\n`);
    }
    if (finding.type === 'failed') throw new AirlockError('store-unavailable', `It was broken off: ${finding.problem}`);
    if (finding.type !== 'end') continue;
    const { records, chains, problems } = finding;
    const outcome = problems === 0 ? 'nothing is wrong' : `${problems} ${problems === 1 ? 'problem' : 'problems'}`;
    process.stdout.write(`${records} records in ${chains} chains: ${outcome}\n`);
    return problems === 0;
  }
  throw new AirlockError('upstream-timeout', 'The mirror broke off before it was done: nothing is proven.');
}

async function* all(api: ApiClient, options: SearchOptions): AsyncGenerator<AuditEvent> {
  let cursor: string | null = null;
  do {
    const page: z.infer<typeof pageShape> = await readPage(api, options, 'oldest', PAGE, cursor ?? undefined);
    yield* page.events;
    cursor = page.next;
  } while (cursor !== null);
}

async function readPage(
  api: ApiClient,
  { repo, who, since, until, type }: SearchOptions,
  order: 'newest' | 'oldest',
  limit: number,
  cursor?: string,
): Promise<z.infer<typeof pageShape>> {
  const query = new URLSearchParams({ order, limit: String(limit) });
  const commit = repo?.revision.type === 'commit' ? repo.revision.commit : undefined;
  const fields = { kind: repo?.repo.kind, repo: repo?.repo.id, commit, who, since, until, type, cursor };
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) query.set(name, value);
  return pageShape.parse(await api.get(`audit/events?${query}`));
}

function asText(events: readonly AuditEvent[]): string {
  if (events.length === 0) return 'no such event\n';
  return events.map((event) => `${lineOf(event)}\n`).join('');
}

function lineOf({ at, type, actor, owner, address, kind, repo, commit, path, details }: AuditEvent): string {
  const who = [owner, actor === owner ? null : actor, address].filter((one) => one !== null).join(' ');
  const name = repo === null ? '' : `${kind === 'models' ? '' : `${kind}/`}${repo}${commit ? `@${commit}` : ''}`;
  const told = Object.entries(details).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  const words = [at, type, who || '-', name, path ?? '', ...told];
  return printed(words.filter((word) => word !== '').join('  '));
}

function asCsv(event: AuditEvent): string {
  return csvLine([...COLUMNS.map((column) => event[column]), JSON.stringify(event.details)]);
}

/** A pipe that is full is waited for. */
async function write(line: string): Promise<void> {
  if (!process.stdout.write(line)) await once(process.stdout, 'drain');
}

async function client(env: NodeJS.ProcessEnv): Promise<ApiClient> {
  return createApiClient(await clientOptions(env));
}

function parseLimit(given: string): number {
  if (/^[1-9]\d{0,3}$/.test(given) && Number(given) <= PAGE) return Number(given);
  throw new InvalidArgumentError(`Give a number from 1 to ${PAGE}; all events: airlock audit export.`);
}

function parseTime(given: string): string {
  const days = /^([1-9]\d{0,4})d$/.exec(given)?.[1];
  if (days !== undefined) return new Date(Date.now() - Number(days) * 86_400_000).toISOString();
  if (/^\d{4}-\d\d-\d\d/.test(given) && !Number.isNaN(Date.parse(given))) return new Date(given).toISOString();
  throw new InvalidArgumentError('Give a time such as 2026-03-01, 2026-03-01T12:00:00Z, or 7d.');
}
