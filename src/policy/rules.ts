// SPDX-License-Identifier: Apache-2.0

import type { EvaluationSigner } from '#src/domain/evaluation.ts';
import type { CardSection } from '#src/domain/evidence.ts';
import type { RepoKind } from '#src/domain/repo.ts';
import type { SourceTerms } from '#src/domain/ruling.ts';

/** What a security team configured about where models may come from: the first source that matches a repo decides. */
export interface SourceRule extends Omit<SourceTerms, 'expiresAt'> {
  /** The names of the upstreams that it may come from. Undefined: from any. */
  readonly upstreams?: readonly string[] | undefined;
  /** Whether pins of its repos follow upstream. Undefined: as `refs.follow` says. */
  readonly follow?: 'manual' | 'auto' | undefined;
  /** The security team's own words, shown where this source denies or holds. */
  readonly reason?: string | undefined;
  /** The number of the ruling by which a person set these terms at run time. */
  readonly ruling?: number | undefined;
}

export interface LicenseRules {
  readonly allow: readonly string[];
  readonly missing: 'hold' | 'deny' | 'allow';
  readonly other: 'hold' | 'deny';
  readonly notAllowed: 'hold' | 'deny';
  /** Of a license that a file holds or names, and the card does not, where that is no harmless difference. */
  readonly disagrees: 'note' | 'hold' | 'deny';
  /** Of license files whose text is not known, or that hold more than a license. */
  readonly unrecognized: 'note' | 'hold' | 'deny';
  /** Whether an allowed license that a file holds does where the card declares none, or `other`. */
  readonly foundCounts: boolean;
  /** Of a base model, at any distance, whose license is not on the allowlist and is not the repo's own. */
  readonly base: 'note' | 'hold' | 'deny';
  /** Of a base model whose license nobody could find out. */
  readonly baseUnknown: 'note' | 'hold' | 'deny';
}

interface VerdictRules {
  readonly pass: 'approve' | 'hold';
  readonly review: 'hold' | 'deny';
  readonly block: 'hold' | 'deny';
  readonly unscannable: 'hold' | 'deny';
}

/** What files may be there at all. A pattern of names, or `format:` and what the scanner recognises. */
export interface FileRules {
  readonly inert: readonly string[];
  /** Empty: whatever is not denied. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  readonly denied: 'deny' | 'hold';
  readonly notAllowed: 'deny' | 'hold';
  readonly maxFiles: number | null;
  readonly maxFileBytes: number | null;
  readonly maxTotalBytes: number | null;
  readonly tooLarge: 'hold' | 'deny';
  readonly secrets: 'review' | 'hold' | 'deny' | 'allow';
}

export interface CardRules {
  readonly require: readonly CardSection[];
  readonly missing: 'hold' | 'deny';
}

export interface PublisherRules {
  /** Patterns of namespaces. Empty: whoever is not denied. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  readonly notAllowed: 'deny' | 'hold';
  /** 0: no waiting. */
  readonly minCommitAgeHours: number;
  readonly minRepoAgeHours: number;
}

/** Of files that upstream's own scanners found something in. */
export interface UpstreamScanRules {
  readonly unsafe: 'note' | 'hold' | 'deny';
  readonly suspicious: 'note' | 'hold' | 'deny';
}

/** A rule of the security team's own, over the evidence document: EVIDENCE.md. */
export interface CustomRule {
  readonly id: string;
  readonly effect: 'deny' | 'hold';
  /** CEL. Where it is true, the rule speaks. */
  readonly when: string;
  readonly message: string;
}

/** A signed evaluation that has to be there: of which kind, by whom, how young, and how good. */
export interface EvaluationRule {
  readonly kind: string;
  readonly match: string;
  readonly kinds: readonly RepoKind[];
  /** Names of {@link PolicyRules.evaluationSigners}: one of them. */
  readonly signers: readonly string[];
  readonly maxAgeDays: number | null;
  readonly metric: string | null;
  readonly min: number | null;
  readonly max: number | null;
}

export interface PolicyRules {
  readonly evaluationSigners: readonly EvaluationSigner[];
  readonly evaluations: readonly EvaluationRule[];
  readonly upstreamScan: UpstreamScanRules;
  readonly licenses: LicenseRules;
  readonly verdicts: VerdictRules;
  /** Of code that the repo brings along and its loaders run. `withhold`: serve the rest without it. */
  readonly customCode: 'hold' | 'deny' | 'withhold';
  /** Of weights that work on top of another model's. `approved-base`: they wait until that is approved here. */
  readonly adapters: 'allow' | 'approved-base' | 'deny';
  readonly withhold: { readonly reviewBesideSafetensors: boolean };
  readonly files: FileRules;
  readonly card: CardRules;
  readonly publisher: PublisherRules;
  readonly custom: readonly CustomRule[];
}

/** What a snapshot may weigh. They hold for the selection: what is excluded is never pulled. */
export interface Limits {
  readonly maxFiles: number;
  readonly maxFileBytes: number;
  readonly maxSnapshotBytes: number;
}

/**
 * Every rule that this folder can name in a reason, in the order in which reasons are listed. The ids are stable:
 * approvals, statements and people's scripts quote them. README.md says what each means.
 */
export const POLICY_RULES = [
  'revoked',
  'source-unmatched',
  'source-denied',
  'source-request',
  'source-review',
  'source-restricted',
  'source-upstream',
  'upstream-changed',
  'publisher-denied',
  'publisher-not-allowed',
  'commit-too-young',
  'repo-too-young',
  'listing-invalid',
  'listing-too-many-files',
  'listing-too-large',
  'file-too-large',
  'path-collision',
  'upstream-unsafe',
  'files-too-many',
  'files-too-large',
  'file-size',
  'file-denied',
  'file-not-allowed',
  'card-intended-use',
  'card-training-data',
  'card-evaluation',
  'card-limitations',
  'card-license',
  'license-missing',
  'license-other',
  'license-not-allowed',
  'license-disagrees',
  'license-unrecognized',
  'license-base',
  'license-base-unknown',
  'adapter-base',
  'evaluation-required',
  'verdict-block',
  'verdict-unscannable',
  'custom-code',
  'secret-found',
  'verdict-review',
  'file-unjudged',
  'verdict-pass',
  'evidence-incomplete',
  'empty-selection',
] as const;

/** One of them, or a rule of the security team's own. */
export type PolicyRule = (typeof POLICY_RULES)[number] | `custom.${string}`;
