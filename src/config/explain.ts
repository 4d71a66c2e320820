// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import { type Listen, listenText } from './fields.ts';
import { configSchema } from './schema.ts';
import { Secret } from './secret.ts';
import { formatBytes } from './sizes.ts';
import { shortForm } from './upstreams.ts';

/** What can be explained: any configuration, completed or as the file has it. */
interface Explained {
  readonly listen: Listen;
  readonly upstreams: readonly { readonly token?: Secret }[];
  readonly adminToken?: Secret;
}

/**
 * The effective configuration, a key a line, for a person to read at start. Secrets show where they came from and
 * nothing else. What is not the default says so.
 */
export function explainConfig(config: Explained): string {
  const { listen, upstreams, adminToken, ...rest } = config;
  const defaults = new Map(lines(defaultValues()));
  const shown = lines({
    listen: listenText(listen),
    ...rest,
    upstreams: upstreams.map((upstream) => ({ ...upstream, token: upstream.token ?? UNSET })),
    adminToken: adminToken ?? UNSET,
  });
  return shown.map(([key, text]) => `${key}: ${text}${mark(defaults, key, text)}`).join('\n');
}

const UNSET = Symbol('not set');

function defaultValues(): Record<string, unknown> {
  const { listen, upstream, ...rest } = configSchema.parse({});
  return {
    listen: listenText(listen),
    ...rest,
    data: resolve(rest.data),
    upstreams: [{ ...shortForm(upstream, undefined), token: UNSET }],
    adminToken: UNSET,
  };
}

function mark(defaults: ReadonlyMap<string, string>, key: string, text: string): string {
  const usual = defaults.get(key);
  if (usual === text) return '';
  return usual === undefined || usual.length > 60 ? '  # changed' : `  # changed, default: ${usual}`;
}

function lines(value: unknown, key = ''): [key: string, text: string][] {
  if (Array.isArray(value) && value.some((item) => typeof item === 'object'))
    return value.flatMap((item, i) => lines(item, `${key}[${i}]`));
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Secret))
    return Object.entries(value).flatMap(([name, item]) => lines(item, key === '' ? name : `${key}.${name}`));
  return [[key, textOf(key, value)]];
}

function textOf(key: string, value: unknown): string {
  if (value instanceof Secret) return `set (from ${value.from})`;
  if (value === UNSET) return 'not set';
  if (typeof value === 'number' && key.endsWith('Bytes')) return formatBytes(value);
  if (Array.isArray(value)) return `[${value.map((item) => textOf(key, item)).join(', ')}]`;
  return typeof value === 'string' && /^[\w./:@+ -]+$/.test(value) ? value : JSON.stringify(value);
}
