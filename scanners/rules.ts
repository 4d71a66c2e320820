// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { EXTRACTOR_VERSION } from './version.ts';

/** The rule set: data that makes findings of facts. Only the parent process reads it, never the one with the bytes. */
export interface Rules extends RuleData {
  /** sha256 of the rule data in canonical form, with the extractor version: another one may judge differently. */
  readonly version: string;
}

const level = z.enum(['info', 'review', 'block']);
const words = z.array(z.string().min(1));
const pattern = z.string().refine(isPattern, 'not a regular expression');
const reason = z.string().min(1);

const allowRule = z
  .strictObject({
    module: z.string().min(1),
    below: z.boolean().default(false),
    names: words.optional(),
    pattern: pattern.optional(),
    construct: z.boolean().default(false),
    reason,
  })
  .refine((rule) => (rule.names === undefined) !== (rule.pattern === undefined), 'either names or a pattern');

const denyRule = z.strictObject({
  module: z.string().min(1),
  names: words.optional(),
  reason,
  reference: z.string().optional(),
});

const noteRule = z.strictObject({
  code: z.string(),
  rule: z.string(),
  level,
  reason,
  extensions: words.optional(),
  except: pattern.optional(),
});

const ruleData = z.strictObject({
  aliases: z.record(z.string(), z.string()),
  allow: z.array(allowRule).min(1),
  never: words,
  closed: words,
  deny: z.array(denyRule).min(1),
  suspicious: pattern,
  stdlib: z.string().transform((text) => text.split(/\s+/)),
  problems: z.record(z.string(), z.strictObject({ level, reason })),
  formats: z.strictObject({
    data: words,
    executable: z.strictObject({ level, formats: words }),
    unread: z.strictObject({ level, formats: words }),
    opaque: z.strictObject({ level, formats: words, extensions: words }),
  }),
  expected: z.array(z.strictObject({ extensions: words, formats: words })),
  mismatch: z.strictObject({ level }),
  binary: words,
  code: z.strictObject({ level, extensions: words, names: words }),
  notes: z.array(noteRule).min(1),
  templates: z.strictObject({
    extensions: words,
    reaches: z.array(z.strictObject({ pattern, level, reason })).min(1),
  }),
});

type RuleData = z.infer<typeof ruleData>;
export type AllowRule = z.infer<typeof allowRule>;

const FILES = ['globals', 'stdlib', 'structure', 'formats', 'names', 'notes'] as const;

/** Read and check rules/*.yaml. Throws, naming file and key, when a rule is not as it must be. */
export function loadRules(folder: URL = new URL('./rules/', import.meta.url)): Rules {
  const parts = FILES.map((name) => parse(readFileSync(new URL(`${name}.yaml`, folder), 'utf8')) as unknown);
  return parseRules(Object.assign({}, ...parts));
}

export function parseRules(value: unknown): Rules {
  const parsed = ruleData.safeParse(value);
  if (!parsed.success) throw new Error(`scanners/rules: ${z.prettifyError(parsed.error)}`);
  const content = `${EXTRACTOR_VERSION}\n${canonical(parsed.data)}`;
  return { ...parsed.data, version: createHash('sha256').update(content).digest('hex') };
}

/** JSON with sorted keys, so that neither their order nor comments and layout count as a change. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}
