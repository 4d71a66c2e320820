// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import type { z } from 'zod';
import type { Limits, PolicyRules, SourceRule } from '#src/policy/rules.ts';
import { mapping } from './fields.ts';
import { configInvalid, describeIssues, type KeyPath, keyText } from './problems.ts';
import { readYaml } from './read-yaml.ts';
import { configSchema } from './schema.ts';

/** What is decided by, without how the mirror is run. */
export interface PolicyParts {
  readonly policy: PolicyRules;
  readonly sources: readonly SourceRule[];
  readonly limits: Limits;
}

/** The sections that may have a file of their own, and the keys that name it. */
const FILES = { policy: 'policyFile', sources: 'sourcesFile' } as const;

export interface WithFiles {
  readonly raw: unknown;
  readonly problems: readonly string[];
  /** A key as people find it: with the file that it is in, where that is not the configuration's. */
  readonly nameOf: (path: KeyPath) => string;
}

/**
 * The configuration with what `policyFile` and `sourcesFile` hold in the place of `policy` and `sources`. Both at once
 * is a mistake: one of them would not count. @throws AirlockError config-invalid: a file can not be read
 */
export async function withPolicyFiles(written: unknown): Promise<WithFiles> {
  const problems: string[] = [];
  const from = new Map<string, string>();
  if (!isMapping(written)) return { raw: written, problems, nameOf: named(from) };
  const raw = { ...written };
  for (const [section, key] of Object.entries(FILES)) {
    const file = raw[key];
    if (typeof file !== 'string' || file.trim() === '') continue;
    if (raw[section] !== undefined) problems.push(`${key}: is set, and so is ${section}; expected one of the two`);
    raw[section] = await readYaml(resolve(file));
    from.set(section, file);
  }
  return { raw, problems, nameOf: named(from) };
}

const partsSchema = mapping({
  policy: configSchema.shape.policy,
  sources: configSchema.shape.sources,
  intake: configSchema.shape.intake,
});

/**
 * What a configuration decides by, or another policy and other sources in its place. Nothing else of it is looked at:
 * no key needs to be there, and no secret. @throws AirlockError config-invalid
 */
export async function loadPolicyParts(files: {
  readonly config?: string | undefined;
  readonly policy?: string | undefined;
  readonly sources?: string | undefined;
}): Promise<PolicyParts> {
  const written = files.config === undefined ? {} : await readYaml(files.config);
  const { policy, sources, policyFile, sourcesFile, intake } = isMapping(written) ? written : {};
  const { raw, problems, nameOf } = await withPolicyFiles({
    ...(intake === undefined ? {} : { intake }),
    ...(files.policy === undefined ? { policy, policyFile } : { policyFile: files.policy }),
    ...(files.sources === undefined ? { sources, sourcesFile } : { sourcesFile: files.sources }),
  });
  if (problems.length > 0) throw configInvalid('The policy is not valid', problems);
  return parsePolicyParts(raw, nameOf);
}

/** The same from values, such as those of a request. @throws AirlockError config-invalid */
export function parsePolicyParts(raw: unknown, nameOf: (path: KeyPath) => string = keyText): PolicyParts {
  const { policyFile: _, sourcesFile: __, ...values } = isMapping(raw) ? raw : {};
  const parsed: z.ZodSafeParseResult<z.output<typeof partsSchema>> = partsSchema.safeParse(values);
  if (!parsed.success)
    throw configInvalid('The policy is not valid', describeIssues(partsSchema, parsed.error.issues, values, nameOf));
  const { policy, sources, intake } = parsed.data;
  return { policy, sources, limits: intake };
}

function named(from: ReadonlyMap<string, string>): (path: KeyPath) => string {
  return (path) => {
    const file = from.get(String(path[0]));
    return file === undefined ? keyText(path) : `${file}: ${keyText(path)}`;
  };
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
