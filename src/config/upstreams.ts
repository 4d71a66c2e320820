// SPDX-License-Identifier: Apache-2.0
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { TRUSTS } from '#src/domain/manifest.ts';
import { REPO_KINDS } from '#src/domain/repo.ts';
import { glob, httpUrl, list, mapping, oneOf, text, wholeNumber, yesOrNo } from './fields.ts';
import { nearest } from './problems.ts';
import type { Secret } from './secret.ts';

const patience = {
  requestTimeoutSeconds: wholeNumber(1, 3600).prefault(30),
  stallSeconds: wholeNumber(1, 3600).prefault(30),
  tries: wholeNumber(1, 20).prefault(5),
};

export const upstream = mapping({ url: httpUrl().prefault('https://huggingface.co'), ...patience });

const kinds = list(oneOf(REPO_KINDS))
  .min(1, { error: 'at least one kind' })
  .prefault([...REPO_KINDS]);

export const upstreams = list(
  mapping({
    name: upstreamName(),
    url: httpUrl().optional(),
    folder: text('the path of a folder').optional(),
    key: text('the path of a public key file').optional(),
    match: list(glob()).min(1, { error: 'at least one pattern' }).prefault(['*']),
    kinds,
    trust: oneOf(TRUSTS).prefault('foreign'),
    next: yesOrNo().prefault(false),
    ...patience,
  }),
).min(1, { error: 'at least one upstream' });

/** Its credential's variable is made of the name: `AIRLOCK_UPSTREAM_TOKEN_X_FILE` must mean one thing alone. */
export function upstreamName() {
  return z
    .custom<string>((value) => typeof value === 'string' && isName(value), {
      error: 'a name of up to 32 lower-case letters, digits and "-", which does not end in "file"',
    })
    .meta({ type: 'string' });
}

function isName(value: string): boolean {
  return /^[a-z][a-z0-9-]{0,31}$/.test(value) && !/(?:^|-)file$/.test(value);
}

/** One of the upstreams: an address with a credential of its own, or a folder. */
export type UpstreamSettings = z.output<typeof upstreams>[number] & { readonly token?: Secret };

/** What `AIRLOCK_UPSTREAM_TOKEN_` is followed by. */
function variablePart(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}

/** The one upstream of the short form, as a list of one. */
export function shortForm(values: z.output<typeof upstream>, token: Secret | undefined): UpstreamSettings {
  const rest = { match: ['*'], kinds: [...REPO_KINDS], trust: 'foreign' as const, next: false };
  return { name: 'hub', ...values, ...rest, ...(token ? { token } : {}) };
}

/** The entries of the list with paths and credentials; whatever is wrong is added to `problems`. */
export function completeUpstreams(
  entries: z.output<typeof upstreams>,
  tokens: ReadonlyMap<string, Secret>,
  problems: string[],
): UpstreamSettings[] {
  const names = entries.map(({ name }) => name);
  const parts = names.map(variablePart);
  for (const [part, { from }] of tokens)
    if (!parts.includes(part)) problems.push(`${from}: is for no upstream; names are ${names.join(', ')}`);
  return entries.map((entry, i) => {
    const token = tokens.get(variablePart(entry.name));
    if (names.indexOf(entry.name) < i)
      problems.push(`upstreams[${i}].name: "${entry.name}" is taken; expected another name`);
    if ((entry.url === undefined) === (entry.folder === undefined))
      problems.push(
        `upstreams[${i}]: has ${entry.url ? 'both url and folder' : 'neither url nor folder'}; expected one`,
      );
    if (token && entry.folder !== undefined)
      problems.push(`${token.from}: is set, but the upstream "${entry.name}" is a folder, which has no credential`);
    if (entry.key !== undefined && entry.folder !== undefined)
      problems.push(`upstreams[${i}].key: is set, but the upstream is a folder; expected a url, or no key`);
    const folder = entry.folder === undefined ? {} : { folder: resolve(entry.folder) };
    const key = entry.key === undefined ? {} : { key: resolve(entry.key) };
    return { ...entry, ...folder, ...key, ...(token ? { token } : {}) };
  });
}

/** What is named must be there at the start. Later, a folder may be away for a while, as a hub may. */
export async function missingUpstreamFiles(entries: readonly UpstreamSettings[]): Promise<string[]> {
  const problems: string[] = [];
  for (const [i, { folder, key }] of entries.entries()) {
    if (folder !== undefined && !(await stat(folder).catch(() => undefined))?.isDirectory())
      problems.push(`upstreams[${i}].folder: ${JSON.stringify(folder)} is not there; expected a folder of repos`);
    if (key !== undefined && !(await stat(key).catch(() => undefined))?.isFile())
      problems.push(`upstreams[${i}].key: ${JSON.stringify(key)} is not there; expected a public key file`);
  }
  return problems;
}

/** A source that is bound to an upstream that nobody has would bring in nothing, and nobody would know why. */
export function unknownUpstreams(
  sources: readonly { readonly upstreams?: readonly string[] | undefined }[],
  entries: readonly UpstreamSettings[],
): string[] {
  const names = entries.map(({ name }) => name);
  return sources.flatMap((source, i) =>
    (source.upstreams ?? []).flatMap((name, j) => {
      if (names.includes(name)) return [];
      const near = nearest(name, names);
      const hint = near ? `did you mean "${near}"? ` : '';
      return [`sources[${i}].upstreams[${j}]: "${name}" is no upstream; ${hint}names are ${names.join(', ')}`];
    }),
  );
}
