// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { isGitOid, isSha256 } from '#src/domain/digest.ts';
import type { EvaluationEvidence } from '#src/domain/evaluation.ts';
import {
  CARD_SECTIONS,
  type ContentAttributes,
  type ContentLicense,
  type EvidenceDocument,
  type LicenseEvidence,
} from '#src/domain/evidence.ts';
import { BASE_RELATIONS, type LineageEvidence } from '#src/domain/lineage.ts';
import { type Source, TRUSTS } from '#src/domain/manifest.ts';
import { type RepoPath, repoPathProblem } from '#src/domain/path.ts';
import { REPO_KINDS, repoIdProblem } from '#src/domain/repo.ts';
import { isCommitSha } from '#src/domain/revision.ts';

// The evidence document in JSON. Every field is described in EVIDENCE.md. An unknown key is an error: in a file that
// somebody wrote for a test it is a typing mistake, and what it was meant to say would not be judged.

const sha256 = branded(isSha256, 'a sha256: 64 hex digits');
const gitOid = branded(isGitOid, 'a git blob id: 40 hex digits');
const path = branded((value): value is RepoPath => repoPathProblem(value) === undefined, 'a path in a repo');
const time = z.iso.datetime({ error: 'a time such as "2026-01-31T12:00:00Z"' });
const size = z.int().nonnegative();
const texts = z.array(z.string());

const repo = z.strictObject({
  kind: z.enum(REPO_KINDS),
  id: z.string().refine((id) => repoIdProblem(id) === undefined, 'a repo id such as "org/name"'),
});

/** One schema a field: the compiler asks for one where a field is added to the type. */
type Shape<T> = { readonly [K in keyof T]-?: z.ZodType };

const contentLicense: Shape<ContentLicense> = {
  found: z.array(
    z.strictObject({ name: z.string(), by: z.enum(['text', 'title', 'tag', 'key']), at: z.string().exactOptional() }),
  ),
  words: size.exactOptional(),
  unexplained: size.exactOptional(),
};

const attributes: Shape<ContentAttributes> = {
  weightsOnly: z.boolean().exactOptional(),
  license: z.strictObject(contentLicense).exactOptional(),
};

const source: Shape<Source> = {
  repo,
  commit: branded(isCommitSha, 'a commit: 40 hex digits'),
  private: z.boolean(),
  gated: z.boolean(),
  lastModified: time.exactOptional(),
  createdAt: time.exactOptional(),
  issues: z.array(z.strictObject({ path, level: z.string() })).exactOptional(),
  upstream: z
    .strictObject({ name: z.string(), url: z.string(), trust: z.enum(TRUSTS), before: z.string().exactOptional() })
    .exactOptional(),
};

const license: Shape<LicenseEvidence> = {
  declared: texts,
  name: z.string().exactOptional(),
  link: z.string().exactOptional(),
  from: z.string(),
  found: z.array(z.strictObject({ path, ...contentLicense })).exactOptional(),
  foundLeftOff: size.exactOptional(),
};

const commit = branded(isCommitSha, 'a commit: 40 hex digits');

const lineage: Shape<LineageEvidence> = {
  bases: z.array(z.strictObject({ repo, relation: z.enum(BASE_RELATIONS), revision: z.string().exactOptional() })),
  adapters: z.array(
    z.strictObject({
      path,
      base: z.strictObject({ repo, revision: z.string().exactOptional() }).exactOptional(),
      approved: commit.exactOptional(),
    }),
  ),
  ancestors: z.array(
    z.strictObject({
      repo,
      baseOf: z.string(),
      known: z.enum(['here', 'upstream', 'unknown']),
      license: z.strictObject(license).exactOptional(),
      why: z.string().exactOptional(),
    }),
  ),
};

const evaluation: Shape<EvaluationEvidence> = {
  document: sha256,
  signers: texts,
  kind: z.string().exactOptional(),
  evaluatedAt: time.exactOptional(),
  metrics: z.record(z.string(), z.number()),
  problem: z.string().exactOptional(),
};

const sourceFile = z.strictObject({
  path,
  size,
  gitOid,
  lfs: z.strictObject({ sha256, pointerSize: size }).exactOptional(),
  sha256: sha256.exactOptional(),
});

const finding = z.strictObject({
  rule: z.string(),
  level: z.enum(['info', 'review', 'block']),
  member: z.string().exactOptional(),
  offset: z.number().exactOptional(),
  message: z.string(),
  references: texts.exactOptional(),
});

const scan = z.strictObject({
  format: z.string(),
  verdict: z.enum(['pass', 'review', 'block', 'unscannable']),
  findings: z.array(finding),
  attributes: z.strictObject(attributes).exactOptional(),
});

export const evidenceFields: Shape<EvidenceDocument> = {
  now: time,
  manifest: z.strictObject({
    source: z.strictObject(source),
    files: z.array(sourceFile),
  }),
  excluded: z.array(z.strictObject({ file: sourceFile, pattern: z.string() })),
  rulesVersion: z.string(),
  publisher: z
    .strictObject({ namespace: z.string(), oldest: time.exactOptional(), newest: time.exactOptional() })
    .exactOptional(),
  license: z.strictObject(license).exactOptional(),
  card: z
    .strictObject({
      sections: z.array(z.enum(CARD_SECTIONS)),
      pipelineTag: z.string().exactOptional(),
      libraryName: z.string().exactOptional(),
      languages: texts.exactOptional(),
      tags: texts.exactOptional(),
      datasets: texts.exactOptional(),
      problem: z.string().exactOptional(),
    })
    .exactOptional(),
  files: z.array(z.strictObject({ ...sourceFile.shape, sha256, scan })).exactOptional(),
  code: z.strictObject({ digest: z.string(), files: texts, namedBy: texts }).exactOptional(),
  lineage: z.strictObject(lineage).exactOptional(),
  evaluations: z.array(z.strictObject(evaluation)).exactOptional(),
};

export const evidenceSchema = z.strictObject(evidenceFields) as unknown as z.ZodType<EvidenceDocument>;

/** A text that a domain type names, as a text in the JSON Schema. */
function branded<T extends string>(is: (value: string) => value is T, expected: string): z.ZodType<T> {
  return z.string().refine(is, expected) as unknown as z.ZodType<T>;
}
