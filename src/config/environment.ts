// SPDX-License-Identifier: Apache-2.0
import { open } from 'node:fs/promises';
import { messageOf } from '#src/domain/errors.ts';
import { type KeyPath, nearest } from './problems.ts';
import { Secret } from './secret.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** Variables that stand for a key of the file, and win over it. */
const VALUES: ReadonlyMap<string, KeyPath> = new Map<string, KeyPath>([
  ['AIRLOCK_LISTEN', ['listen']],
  ['AIRLOCK_PUBLIC_URL', ['publicUrl']],
  ['AIRLOCK_DATA', ['data']],
  ['AIRLOCK_LOG_LEVEL', ['log', 'level']],
  ['AIRLOCK_UPSTREAM', ['upstream', 'url']],
  ['AIRLOCK_S3_ENDPOINT', ['store', 'endpoint']],
  ['AIRLOCK_S3_BUCKET', ['store', 'bucket']],
  ['AIRLOCK_S3_REGION', ['store', 'region']],
]);

const SECRETS = {
  upstreamToken: 'AIRLOCK_UPSTREAM_TOKEN',
  accessKey: 'AIRLOCK_S3_ACCESS_KEY',
  secretKey: 'AIRLOCK_S3_SECRET_KEY',
  adminToken: 'AIRLOCK_ADMIN_TOKEN',
  smtpUser: 'AIRLOCK_SMTP_USER',
  smtpPassword: 'AIRLOCK_SMTP_PASSWORD',
} as const;

/** Read elsewhere: by the command line, by its client commands, by the tests. */
const FOREIGN = /^AIRLOCK_(?:CONFIG|URL|TEST_.*)$/;

/** A webhook's own: the name of the endpoint follows. */
const WEBHOOK = /^AIRLOCK_WEBHOOK_(?:SECRET|URL)_[A-Z][A-Z0-9_]*$/;

const MAX_SECRET_BYTES = 16 * 1024;
const MIN_ADMIN_TOKEN = 16;

export interface EnvironmentValue {
  readonly variable: string;
  readonly path: KeyPath;
  readonly value: string;
}

export interface Environment {
  readonly values: readonly EnvironmentValue[];
  readonly secrets: { readonly [K in keyof typeof SECRETS]?: Secret };
  /** `AIRLOCK_UPSTREAM_TOKEN_<NAME>`, by the name as it is written there. */
  readonly upstreamTokens: ReadonlyMap<string, Secret>;
  /** By the name of the variable, without `_FILE`. Whether an endpoint has that name is for others to say. */
  readonly webhooks: ReadonlyMap<string, Secret>;
  readonly problems: readonly string[];
}

/** Read every `AIRLOCK_*` variable; one that nobody knows is a problem, because it was meant for something. */
export async function readEnvironment(env: Env): Promise<Environment> {
  const problems = unknownVariables(env);
  const values = [...VALUES].flatMap(([variable, path]) => {
    const value = env[variable];
    return value === undefined ? [] : [{ variable, path, value }];
  });
  const secrets: { -readonly [K in keyof typeof SECRETS]?: Secret } = {};
  for (const name of Object.keys(SECRETS) as (keyof typeof SECRETS)[]) {
    const secret = await readSecret(env, SECRETS[name]);
    if (typeof secret === 'string') problems.push(secret);
    else if (secret) secrets[name] = secret;
  }
  const { adminToken } = secrets;
  if (adminToken && adminToken.reveal().length < MIN_ADMIN_TOKEN)
    problems.push(`${adminToken.from}: too short; expected at least ${MIN_ADMIN_TOKEN} characters`);
  const tokens = await readNamed(env, TOKEN_OF, problems);
  const upstreamTokens = new Map([...tokens].map(([name, token]) => [name.slice(TOKEN_PREFIX.length), token]));
  return { values, secrets, upstreamTokens, webhooks: await readNamed(env, WEBHOOK, problems), problems };
}

const TOKEN_PREFIX = `${SECRETS.upstreamToken}_`;
const TOKEN_OF = /^AIRLOCK_UPSTREAM_TOKEN_(?!FILE$)[A-Z][A-Z0-9_]*$/;

/** Variables that are one for each of something. What there is of it is in the file, and not known here. */
async function readNamed(env: Env, pattern: RegExp, problems: string[]): Promise<Map<string, Secret>> {
  const found = new Map<string, Secret>();
  const names = Object.keys(env).filter((name) => pattern.test(name));
  for (const variable of new Set(names.map((name) => name.replace(/_FILE$/, '')))) {
    const secret = await readSecret(env, variable);
    if (typeof secret === 'string') problems.push(secret);
    else if (secret) found.set(variable, secret);
  }
  return found;
}

function unknownVariables(env: Env): string[] {
  const secrets: string[] = Object.values(SECRETS);
  const known = [...VALUES.keys(), ...secrets, ...secrets.map((name) => `${name}_FILE`)];
  return Object.keys(env)
    .filter(
      (name) =>
        name.startsWith('AIRLOCK_') &&
        !known.includes(name) &&
        ![FOREIGN, TOKEN_OF, WEBHOOK].some((own) => own.test(name)),
    )
    .map((name) => {
      const near = nearest(name, known);
      return `${name}: unknown variable; ${near ? `did you mean ${near}? ` : ''}known are ${known.join(', ')}`;
    });
}

/** The secret, a problem in words, or undefined where neither variable is set. */
async function readSecret(env: Env, variable: string): Promise<Secret | string | undefined> {
  const value = env[variable];
  const file = env[`${variable}_FILE`];
  if (value !== undefined && file !== undefined) return `${variable} and ${variable}_FILE are both set; expected one`;
  if (value !== undefined) return checked(value, variable);
  if (file === undefined) return undefined;
  try {
    return checked((await readBounded(file)).replace(/\r?\n$/, ''), `${variable}_FILE`);
  } catch (error) {
    return `${variable}_FILE: ${JSON.stringify(file)} can not be read: ${messageOf(error)}`;
  }
}

/** What can not stand in a header is no token: a stray newline would be found only at the first request. */
function checked(value: string, from: string): Secret | string {
  if (value === '') return `${from}: the secret is empty; expected a value, or the variable not set`;
  if (!/^[\x21-\x7e]+$/.test(value)) return `${from}: the secret has spaces or characters beyond printable ASCII`;
  return new Secret(value, from);
}

async function readBounded(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(MAX_SECRET_BYTES + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
    if (bytesRead > MAX_SECRET_BYTES) throw new Error(`it has more than ${MAX_SECRET_BYTES} bytes`);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
