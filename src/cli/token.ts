// SPDX-License-Identifier: Apache-2.0
import { Command, InvalidArgumentError } from 'commander';
import * as z from 'zod';
import { ROLES } from '#src/access/permissions.ts';
import { type ApiClient, clientOptions, createApiClient } from './api-client.ts';
import { parsePerson, whoami } from './person.ts';
import { printed } from './printed.ts';

const tokenShape = z.looseObject({
  id: z.string(),
  name: z.string(),
  owner: z.string(),
  state: z.string(),
  roles: z.array(z.string()),
  grants: z.array(z.string()),
  createdAt: z.string(),
  createdBy: z.string(),
  expiresAt: z.string().nullable(),
  lastUsedAt: z.string().nullable(),
  revokedAt: z.string().nullable(),
  revokedBy: z.string().nullable(),
});
type Token = z.infer<typeof tokenShape>;
const createdShape = tokenShape.extend({ token: z.string() });

/** Tokens in a list: the newest. */
const LISTED = 1000;

interface CreateOptions {
  readonly owner: string;
  readonly expires?: number | 'never';
  readonly by?: string;
  readonly role?: string[];
  readonly grant?: string[];
  readonly json?: boolean;
}

/** `airlock token create`, `list`, `revoke`: the tokens with which people and programs read from the mirror. */
export function tokenCommand(env: NodeJS.ProcessEnv): Command {
  const token = new Command('token').description('the tokens with which people and programs read, and people decide');
  const who = ['--by <name>', 'who does this: it goes into the log and the list', parsePerson, whoami(env)] as const;
  token
    .command('create')
    .description('give out a token; standard output has it, this once, and nothing else')
    .argument('<name>', 'what it is for, such as "ci" or "laptop": letters, digits, ".", "_" and "-"')
    .requiredOption('--owner <who>', 'whose it is', parsePerson)
    .option('--expires <when>', 'days such as "90d", or "never"; default: access.tokenDays of the mirror', parseExpires)
    .option('--role <role>', `${ROLES.join(', ')}; may be given several times; default: reader`, collectRole)
    .option(
      '--grant <repo>',
      'restricted repo it may read: org/name, "org/*", datasets/org/name; may be given several times',
      collect,
    )
    .option(...who)
    .option('--json', 'print it with all that is known of it, as one JSON object')
    .action(async (name: string, options: CreateOptions) => {
      const { owner, by, expires, role, grant } = options;
      const lifetime = expires === undefined ? {} : { expiresDays: expires === 'never' ? null : expires };
      const order = { name, owner, by, roles: role, grants: grant, ...lifetime };
      const created = createdShape.parse(await (await client(env)).post('tokens', order));
      if (options.json) return void process.stdout.write(`${JSON.stringify(created)}\n`);
      process.stderr.write(`token ${title(created)}, ${rights(created)}, ${expiry(created)}. It is shown this once:\n`);
      process.stdout.write(`${created.token}\n`);
      process.stderr.write('Its owner sets HF_ENDPOINT to this mirror, and runs: hf auth login --token <token>\n');
    });
  token
    .command('list')
    .description('every token that was given out, newest first, with when it was last used')
    .option('--json', 'print them as one JSON array')
    .action(async (options: { json?: boolean }) => {
      const tokens = z.array(tokenShape).parse(await (await client(env)).get(`tokens?limit=${LISTED}`));
      process.stdout.write(options.json ? `${JSON.stringify(tokens)}\n` : asText(tokens));
    });
  token
    .command('revoke')
    .description('withdraw a token: it opens nothing any more')
    .argument('<id>', 'its id, as "airlock token list" shows it')
    .option(...who)
    .action(async (id: string, { by }: { by?: string }) => {
      const path = `tokens/${encodeURIComponent(id)}${by === undefined ? '' : `?by=${encodeURIComponent(by)}`}`;
      const revoked = tokenShape.parse(await (await client(env)).delete(path));
      process.stdout.write(`token ${title(revoked)}: ${revocation(revoked)}\n`);
    });
  return token;
}

function collect(text: string, before: string[] = []): string[] {
  return [...before, text];
}

function collectRole(text: string, before?: string[]): string[] {
  if (!(ROLES as readonly string[]).includes(text)) throw new InvalidArgumentError(`Roles are ${ROLES.join(', ')}.`);
  return collect(text, before);
}

/** The form alone is checked here: the longest lifetime is the mirror's to know. */
function parseExpires(text: string): number | 'never' {
  if (text === 'never') return text;
  const days = /^([1-9]\d{0,4})d$/.exec(text)?.[1];
  if (days === undefined) throw new InvalidArgumentError('Give days such as "90d", or "never".');
  return Number(days);
}

async function client(env: NodeJS.ProcessEnv): Promise<ApiClient> {
  return createApiClient(await clientOptions(env));
}

function asText(tokens: readonly Token[]): string {
  if (tokens.length === 0) return 'no token was given out yet: airlock token create NAME --owner WHO\n';
  const lines = tokens.map((token) => {
    const used = token.lastUsedAt === null ? 'never used' : `last used ${minute(token.lastUsedAt)}`;
    const ends = token.state === 'revoked' ? revocation(token) : expiry(token);
    const altered = token.state === 'altered' ? 'ALTERED, opens nothing, ' : '';
    return `${title(token)}: ${altered}${rights(token)}, ${ends}, created ${minute(token.createdAt)} by ${printed(token.createdBy)}, ${used}`;
  });
  if (tokens.length === LISTED) lines.push(`These are the newest ${LISTED}.`);
  return `${lines.join('\n')}\n`;
}

function title({ id, name, owner }: Token): string {
  return `${printed(id)} "${printed(name)}" of ${printed(owner)}`;
}

function rights({ roles, grants }: Token): string {
  const may = roles.map(printed).join(' and ') || 'no role';
  return grants.length === 0 ? may : `${may}, granted ${grants.map(printed).join(' and ')}`;
}

function expiry({ state, expiresAt }: Token): string {
  if (expiresAt === null) return 'never expires';
  return `${state === 'expired' ? 'expired' : 'expires'} ${minute(expiresAt)}`;
}

function revocation({ revokedAt, revokedBy }: Token): string {
  return `revoked ${minute(revokedAt ?? '')} by ${printed(revokedBy ?? '')}`;
}

function minute(time: string): string {
  return printed(time.slice(0, 16).replace('T', ' '));
}
