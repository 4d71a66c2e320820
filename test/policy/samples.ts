// SPDX-License-Identifier: Apache-2.0

import { configSchema } from '#src/config/schema.ts';
import type { Approval } from '#src/domain/decision.ts';
import { gitOidOf, sha256Of } from '#src/domain/digest.ts';
import type { BlobScan, Evidence, Finding, Verdict } from '#src/domain/evidence.ts';
import type { SourceFile } from '#src/domain/manifest.ts';
import { parseRepoPath } from '#src/domain/path.ts';
import { parseRepo } from '#src/domain/repo.ts';
import { parseCommitSha } from '#src/domain/revision.ts';
import type { EvaluationContext } from '#src/policy/evaluate.ts';
import type { Limits, PolicyRules, SourceRule } from '#src/policy/rules.ts';
import { select } from '#src/policy/sources.ts';

const defaults = configSchema.parse({});

/** The rules that are shipped: what is tested is what runs. */
export const RULES: PolicyRules = defaults.policy;
export const LIMITS: Limits = { maxFiles: 10, maxFileBytes: 1000, maxSnapshotBytes: 2000 };

export function rulesWith(verdicts: Partial<PolicyRules['verdicts']>, reviewBesideSafetensors = true): PolicyRules {
  return { ...RULES, verdicts: { ...RULES.verdicts, ...verdicts }, withhold: { reviewBesideSafetensors } };
}

export function sourceRule(rule: Partial<SourceRule> = {}): SourceRule {
  const { sources } = configSchema.parse({ sources: [{ match: '*', mode: 'auto', ...rule }] });
  const [first] = sources;
  if (!first) throw new Error('one source was given');
  return first;
}

export function sourceFile(path: string, size = 10, lfs = false): SourceFile {
  const file = { path: parseRepoPath(path), size, gitOid: gitOidOf(Buffer.from(path)) };
  return lfs ? { ...file, lfs: { sha256: sha256Of(path), pointerSize: 130 } } : file;
}

/** A scan as the scanner would give it: the verdict is the worst finding's. */
export function scan(format: string, verdict: Verdict, ...rules: string[]): BlobScan {
  const level = verdict === 'block' ? 'block' : verdict === 'pass' ? 'info' : 'review';
  const findings: Finding[] = rules.map((rule) => ({ rule, level, message: `found ${rule}` }));
  return { format, verdict, findings };
}

export type Scans = Readonly<Record<string, BlobScan>>;

export const WEIGHTS: Scans = {
  'model.safetensors': scan('safetensors', 'pass'),
  'config.json': scan('json', 'pass'),
};

export interface Sample {
  readonly scans: Scans;
  readonly license?: readonly string[];
  readonly source?: Partial<SourceRule> | undefined;
  readonly gated?: boolean;
  readonly private?: boolean;
}

/** When the samples are judged. */
export const NOW = '2026-01-02T03:04:05.000Z';

const SOURCE = {
  repo: parseRepo('models', 'org/name'),
  commit: parseCommitSha('1'.repeat(40)),
  gated: false,
  private: false,
};

export function evidenceOf({
  scans,
  license = ['mit'],
  source,
  gated = false,
  private: hidden = false,
}: Sample): Evidence {
  const files = Object.keys(scans)
    .sort()
    .map((path) => sourceFile(path));
  const { selected, excluded } = select(files, sourceRule(source));
  return {
    now: NOW,
    manifest: { source: { ...SOURCE, gated, private: hidden }, files },
    excluded,
    license: { declared: license, from: 'README.md' },
    files: selected.map((file) => ({
      ...file,
      sha256: sha256Of(file.path),
      scan: scans[file.path] ?? scan('unknown', 'unscannable'),
    })),
    rulesVersion: 'rules-1',
  };
}

export function contextOf(rule: SourceRule | undefined = sourceRule(), accepts?: readonly string[]): EvaluationContext {
  const approval: Approval | undefined = accepts && { by: 'ada', at: '2026-01-01T00:00:00Z', reason: 'seen', accepts };
  return { rule, limits: LIMITS, rulesVersion: 'rules-1', approval };
}
