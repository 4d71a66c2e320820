// SPDX-License-Identifier: Apache-2.0
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Env, type Environment, type EnvironmentValue, readEnvironment } from './config/environment.ts';
import { listenText } from './config/fields.ts';
import { completeNotifications, type NotificationsConfig } from './config/notifications.ts';
import { withPolicyFiles } from './config/policy-files.ts';
import { configInvalid, describeIssues, type KeyPath, keyText } from './config/problems.ts';
import { readYaml } from './config/read-yaml.ts';
import { configSchema, type FileConfig } from './config/schema.ts';
import type { Secret } from './config/secret.ts';
import {
  completeUpstreams,
  missingUpstreamFiles,
  shortForm,
  type UpstreamSettings,
  unknownUpstreams,
} from './config/upstreams.ts';

export { explainConfig } from './config/explain.ts';

/** Where releases live, with what it takes to get in. */
type StoreConfig =
  | Extract<FileConfig['store'], { kind: 'folder' }>
  | (Extract<FileConfig['store'], { kind: 's3' }> & { readonly accessKey: Secret; readonly secretKey: Secret });

/** The effective configuration: every key has a value, paths are absolute, secrets are joined. */
export interface Config extends Omit<FileConfig, 'upstream' | 'upstreams' | 'store' | 'notifications'> {
  /** In order of priority; what the file calls `upstream` is a list of one. */
  readonly upstreams: readonly [UpstreamSettings, ...UpstreamSettings[]];
  readonly store: StoreConfig;
  readonly notifications: NotificationsConfig;
  readonly adminToken?: Secret;
}

export interface LoadOptions {
  /** The YAML file; without one the defaults hold. */
  readonly file?: string | undefined;
  readonly env: Env;
}

/**
 * Defaults, then the file, then the environment.
 * @throws AirlockError config-invalid with every problem, each with its key, its value and what was expected
 */
export async function loadConfig({ file, env }: LoadOptions): Promise<Config> {
  const written = file === undefined ? {} : await readYaml(file);
  const environment = await readEnvironment(env);
  const files = await withPolicyFiles(written);
  const raw = overlay(files.raw, environment.values);
  const parsed = configSchema.safeParse(raw);
  const problems = [...environment.problems, ...bothForms(raw), ...files.problems];
  if (!parsed.success)
    problems.push(...describeIssues(configSchema, parsed.error.issues, raw, nameIn(environment.values, files.nameOf)));
  const config = parsed.success ? complete(parsed.data, environment, problems) : undefined;
  if (config) problems.push(...(await missingKeyFiles(config.keys)), ...(await missingRules(config.scan.rules)));
  if (config) problems.push(...(await missingUpstreamFiles(config.upstreams)));
  if (!config || problems.length > 0)
    throw configInvalid(`The configuration${file === undefined ? '' : ` ${file}`} is not valid`, problems);
  return config;
}

/** The address that clients use: as configured, or where this process listens. `port` is the one it got for port 0. */
export function publicUrl(config: Pick<Config, 'publicUrl' | 'listen'>, port: number = config.listen.port): string {
  if (config.publicUrl !== null) return config.publicUrl;
  // "Every address" is none that a client can type; the machine itself can always use its loopback.
  const host = config.listen.host === '0.0.0.0' ? '127.0.0.1' : config.listen.host.replace(/^::$/, '::1');
  return `http://${listenText({ host, port })}`;
}

/** The environment wins. What the file has in a mapping's place stays, for the schema to refuse. */
function overlay(written: unknown, values: readonly EnvironmentValue[]): unknown {
  if (!isMapping(written)) return written;
  const raw = structuredClone(written);
  for (const { path, value } of values) {
    const [head, key] = path as [string, string?];
    if (key === undefined) raw[head] = value;
    else if (isMapping(raw[head] ?? {})) raw[head] = { ...kindOfStore(head, key, raw[head]), [key]: value };
  }
  return raw;
}

/** An S3 endpoint in the environment means an S3 store, whatever kind the file names: containers are set up so. */
function kindOfStore(head: string, key: string, section: unknown): Record<string, unknown> {
  const mapping = isMapping(section) ? section : {};
  if (head !== 'store') return mapping;
  return { ...mapping, kind: key === 'endpoint' ? 's3' : (mapping.kind ?? 'folder') };
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** How a problem names its value: the key, with the variable where that one set it. */
function nameIn(values: readonly EnvironmentValue[], nameOf: (path: KeyPath) => string): (path: KeyPath) => string {
  const variables = new Map(values.map(({ variable, path }) => [keyText(path), variable]));
  return (path) => {
    const key = keyText(path);
    const variable = variables.get(key);
    return variable ? `${variable} (${key})` : nameOf(path) || 'the file';
  };
}

function complete(values: FileConfig, environment: Environment, problems: string[]): Config | undefined {
  const { secrets } = environment;
  const { upstream: _, ...rest } = values;
  const notifications = completeNotifications(values.notifications, environment, problems);
  const store = completeStore(values.store, secrets, problems);
  const upstreams = upstreamsOf(values, environment, problems);
  problems.push(...unknownUpstreams(values.sources, upstreams));
  problems.push(...redirectProblems(values));
  if (!store) return undefined;
  const inPlace = (key: { file: string } | null) => (key === null ? null : { file: resolve(key.file) });
  return {
    ...rest,
    data: resolve(values.data),
    upstreams,
    store,
    scan: { ...values.scan, rules: values.scan.rules === null ? null : resolve(values.scan.rules) },
    keys: {
      approval: inPlace(values.keys.approval),
      evidence: inPlace(values.keys.evidence),
      trusted: values.keys.trusted.map(({ role, file }) => ({ role, file: resolve(file) })),
    },
    notifications,
    ...(secrets.adminToken ? { adminToken: secrets.adminToken } : {}),
  };
}

/** Which of the two would hold is nothing to guess. */
function bothForms(raw: unknown): string[] {
  if (!isMapping(raw) || raw.upstream === undefined || raw.upstreams == null) return [];
  return ['upstreams: is set, and upstream (AIRLOCK_UPSTREAM) too; expected one of them'];
}

function upstreamsOf(
  { upstream, upstreams }: Pick<FileConfig, 'upstream' | 'upstreams'>,
  { secrets, upstreamTokens }: Pick<Environment, 'secrets' | 'upstreamTokens'>,
  problems: string[],
): Config['upstreams'] {
  const token = secrets.upstreamToken;
  if (upstreams === null) {
    const one = shortForm(upstream, token);
    completeUpstreams([one], upstreamTokens, problems);
    return [one];
  }
  if (token) problems.push(`${token.from}: is set, but upstreams has a list; expected AIRLOCK_UPSTREAM_TOKEN_<NAME>`);
  const [first, ...rest] = completeUpstreams(upstreams, upstreamTokens, problems);
  return first ? [first, ...rest] : [shortForm(upstream, undefined)];
}

function completeStore(
  store: FileConfig['store'],
  { accessKey, secretKey }: Environment['secrets'],
  problems: string[],
): StoreConfig | undefined {
  if (store.kind === 's3') {
    if (accessKey && secretKey) return { ...store, accessKey, secretKey };
    if (!accessKey) problems.push('AIRLOCK_S3_ACCESS_KEY: is missing; expected for store.kind s3');
    if (!secretKey) problems.push('AIRLOCK_S3_SECRET_KEY: is missing; expected for store.kind s3');
    return undefined;
  }
  for (const secret of [accessKey, secretKey])
    if (secret) problems.push(`${secret.from}: is set, but store.kind is folder; expected s3, or the variable not set`);
  return store;
}

/**
 * On the mirror's own host name a redirect breaks clients (hub-api 2.3), and of a name that is not known nobody can say
 * whether it is another.
 */
function redirectProblems({ store, publicUrl }: FileConfig): string[] {
  if (store.kind !== 's3' || store.redirect === null) return [];
  if (publicUrl === null) return ['publicUrl: is not set; expected for store.redirect, which needs another host name'];
  const { hostname } = new URL(store.redirect.endpoint);
  if (hostname !== new URL(publicUrl).hostname) return [];
  return [`store.redirect.endpoint: "${hostname}" is the host of publicUrl; expected another host name`];
}

/** A key file that is named must be there: what carries trust is never created in passing. */
async function missingKeyFiles({ approval, evidence, trusted }: Config['keys']): Promise<string[]> {
  const files = [
    ['keys.approval.file', approval?.file],
    ['keys.evidence.file', evidence?.file],
    ...trusted.map(({ file }, i) => [`keys.trusted[${i}].file`, file] as const),
  ] as const;
  const problems: string[] = [];
  for (const [key, file] of files) {
    if (file === undefined) continue;
    const found = await stat(file).catch(() => undefined);
    if (!found?.isFile())
      problems.push(`${key}: ${JSON.stringify(file)} is not there; expected a key file, which is never created here`);
  }
  return problems;
}

async function missingRules(folder: string | null): Promise<string[]> {
  if (folder === null || (await stat(folder).catch(() => undefined))?.isDirectory()) return [];
  return [`scan.rules: ${JSON.stringify(folder)} is not there; expected a folder of rule files`];
}
