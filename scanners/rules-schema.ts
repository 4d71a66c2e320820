// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';

/** What rules/*.yaml may say. README.md explains each section. */
const level = z.enum(['info', 'review', 'block']);
const words = z.array(z.string().min(1));
const pattern = z.string().refine(isPattern, 'not a regular expression');
const reason = z.string().min(1);

/** An advisory, a weakness, an ATLAS technique, an OWASP entry for LLM applications, or a specification. */
const reference = z
  .string()
  .regex(
    /^(?:CVE-\d{4}-\d{4,}|GHSA(?:-[0-9a-z]{4}){3}|CWE-\d+|AML\.T\d{4}(?:\.\d{3})?|LLM\d{2}(?::\d{4})?|PYSEC-[\d-]+)$/,
  );
const references = z.array(reference).optional();

const allowRule = z
  .strictObject({
    module: z.string().min(1),
    below: z.boolean().default(false),
    names: words.optional(),
    pattern: pattern.optional(),
    construct: z.boolean().default(false),
    named: z.boolean().default(false),
    /** Of names: they may be rebuilt from their state, as classes of a pattern may; their constructor may not be called. */
    rebuilt: z.boolean().default(false),
    reason,
  })
  .refine((rule) => (rule.names === undefined) !== (rule.pattern === undefined), 'either names or a pattern');

const denyRule = z.strictObject({ modules: words.min(1), names: words.optional(), reason, references });

const useRow = z
  .strictObject({
    names: words.optional(),
    pattern: pattern.optional(),
    level,
    rule: z.string().optional(),
    reason,
    references,
  })
  .refine((row) => (row.names === undefined) !== (row.pattern === undefined), 'either names or a pattern');

/** What a vocabulary's names mean: `allow.names`, then the first row that fits, then `allow.patterns`, then the rest. */
const useScheme = z.strictObject({
  rule: z.string().min(1),
  /** The scheme counts in files of these extensions or base names only; in others the same words are prose. */
  extensions: words.optional(),
  names: words.optional(),
  namePattern: pattern.optional(),
  /**
   * In plain text the scheme counts under these names only, under a key of YAML in files of these extensions too; in
   * any other format always.
   */
  inText: z.strictObject({ extensions: words, names: words, keysIn: words.default([]) }).optional(),
  /**
   * The names are `module.name` of Python: the import rules judge what `allow` and the rows do not. `call`: what may
   * be rebuilt from its state may not be called for that.
   */
  imports: z.enum(['rebuild', 'call']).optional(),
  allow: z
    .strictObject({ names: words.default([]), patterns: z.array(pattern).default([]) })
    .default({ names: [], patterns: [] }),
  rows: z.array(useRow).default([]),
  otherwise: z.strictObject({
    level: z.enum(['allowed', 'info', 'review', 'block']),
    reason: reason.optional(),
    references,
  }),
});

const format = z.strictObject({
  /**
   * data: an extractor reads it to its end, and its facts decide. program: code for some machine. opaque: an archive
   * that can not be looked into. unread: no extractor.
   */
  as: z.enum(['data', 'program', 'opaque', 'unread']),
  /** File name extensions under which this content is expected. */
  extensions: words.default([]),
});

const outcome = z.enum(['allowed', 'info', 'review', 'block']);
const importExample = z.strictObject({ import: z.string().regex(/^[^:]+:[^:]+$/), expect: outcome });
const useExample = z.strictObject({ use: z.string().min(1), name: z.string().min(1), expect: outcome });

/** What torch's weights-only unpickler takes: names are `module.name`. */
const weightsOnly = z.strictObject({
  from: z.string().min(1),
  opcodes: words,
  globals: words,
  patterns: z.array(pattern),
  build: words,
  items: words,
});

export const ruleData = z.strictObject({
  aliases: z.record(z.string(), z.string()),
  allow: z.array(allowRule).min(1),
  never: words,
  closed: words,
  deny: z.array(denyRule).min(1),
  weightsOnly,
  suspicious: pattern,
  rebuilders: pattern,
  arguments: pattern,
  stdlib: z.string().transform((text) => text.split(/\s+/)),
  problems: z.record(z.string(), z.strictObject({ level, reason, references })),
  formats: z.record(z.string(), format),
  levels: z.strictObject({
    program: level,
    opaque: level,
    opaqueUnderLoaderName: level,
    unread: level,
    mismatch: level,
    code: level,
  }),
  /** Extensions of files that loaders open. */
  loaders: words,
  binary: words,
  /** Formats that no loader takes for weights, under whatever name. */
  neverWeights: words,
  /** Extensions that promise no format, whichever formats list them. */
  generic: words,
  code: z.strictObject({ extensions: words, names: words }),
  uses: z.record(z.string(), useScheme),
  /** What one file says about others of its snapshot. */
  snapshot: z.strictObject({
    /**
     * Schemes whose names tell which bytes of another file are data of this one: `<range> <path>`, or `<range>` where
     * `file` is that path; a range as `claims.ts` writes it. `*` in a path is this file's name without its extension.
     */
    data: z.record(z.string(), z.strictObject({ file: z.string().min(1).optional() })),
    /** Schemes that name code which a loader would run. */
    code: words,
  }),
  /** What `airlock rules test` holds the rules to: `module:name` of a pickle's import, or a name of a scheme. */
  examples: z.array(z.union([importExample, useExample])).default([]),
  /** Code that is judged by what stands in one file together: each pattern must fit some `scheme name` of its uses. */
  shapes: z.array(
    z.strictObject({ rule: z.string(), level, reason, extensions: words.optional(), all: z.array(pattern).min(1) }),
  ),
  /** Names that the message of a file of code lists beside its imports. */
  notable: pattern,
  /** What a whole path must not look like; the first row that fits counts. */
  paths: z.array(z.strictObject({ rule: z.string(), level, reason, pattern })),
  /** Every rule id: what it means for someone who loads the file, and where to read more. */
  rules: z.record(z.string(), z.strictObject({ means: reason, references })),
});

export type RuleData = z.infer<typeof ruleData>;
export type AllowRule = z.infer<typeof allowRule>;
export type UseScheme = z.infer<typeof useScheme>;
export type UseRow = z.infer<typeof useRow>;

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}
