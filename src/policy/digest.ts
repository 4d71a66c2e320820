// SPDX-License-Identifier: Apache-2.0
import { type Sha256, sha256Of } from '#src/domain/digest.ts';
import type { Limits, PolicyRules, SourceRule } from './rules.ts';

/**
 * Names the policy that made a decision: rules, the source that matched (`null` where none did) and limits. Another
 * order of keys is the same policy; another order of a list may not be (sources and patterns are tried in order).
 * Fields are picked by name, so that what a caller's object carries besides can not change the digest.
 */
export function policyDigest(rules: PolicyRules, source: SourceRule | undefined, limits: Limits): Sha256 {
  const named = Object.fromEntries(Object.keys(NAMED).map((key) => [key, rules[key as keyof PolicyRules]]));
  const { maxFiles, maxFileBytes, maxSnapshotBytes } = limits;
  return sha256Of(
    canonicalJson({
      rules: named,
      source: source ?? null,
      limits: { maxFiles, maxFileBytes, maxSnapshotBytes },
    }),
  );
}

/** Every part of the rules; the compiler asks for one that is added. */
const NAMED: Readonly<Record<keyof PolicyRules, true>> = {
  licenses: true,
  verdicts: true,
  customCode: true,
  adapters: true,
  withhold: true,
  files: true,
  card: true,
  publisher: true,
  upstreamScan: true,
  evaluationSigners: true,
  evaluations: true,
  custom: true,
};

/** JSON with sorted keys and without spaces; keys without a value are left out, as JSON.stringify does. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
}
