// SPDX-License-Identifier: Apache-2.0
import type { EvaluationEvidence } from './evaluation.ts';
import type { LineageEvidence } from './lineage.ts';
import type { SourceFile, SourceManifest, VerifiedFile } from './manifest.ts';
import type { RepoPath } from './path.ts';

export type Level = 'info' | 'review' | 'block';

/**
 * The worst of one blob. `unscannable`: nothing dangerous was seen, and it could not be read to its end, which is never
 * `pass`.
 */
export type Verdict = 'pass' | 'review' | 'block' | 'unscannable';

/** A rule that matched. `member` is the path inside an archive, `offset` a byte offset in the file or member. */
export interface Finding {
  readonly rule: string;
  readonly level: Level;
  readonly member?: string;
  readonly offset?: number;
  readonly message: string;
  /** Advisories and catalogues that say more: CVE-, GHSA-, CWE-, AML.T (MITRE ATLAS), LLM (OWASP). */
  readonly references?: readonly string[];
}

/** What a scanner rule means for someone who loads the file, and where to read more. */
export interface RuleMeaning {
  readonly means: string;
  readonly references?: readonly string[] | undefined;
}

/** The scan of one blob: depends on its bytes and the rule set alone. `format` is what content sniffing recognised. */
export interface BlobScan {
  readonly format: string;
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  readonly attributes?: ContentAttributes;
}

/** What else is known of a blob's content; it decides no verdict. */
export interface ContentAttributes {
  /** torch loads it with `weights_only=True`; of files with pickles only. */
  readonly weightsOnly?: boolean;
  readonly license?: ContentLicense;
}

/**
 * Licenses that a file's content holds or names, and of a text, about how many words there are and how many of them
 * belong to no license that was recognised.
 */
export interface ContentLicense {
  readonly found: readonly LicenseName[];
  readonly words?: number;
  readonly unexplained?: number;
}

/** `by`: the license's text, its title, a tag (`SPDX-License-Identifier`), or the key `at` of a file's metadata. */
export interface LicenseName {
  readonly name: string;
  readonly by: 'text' | 'title' | 'tag' | 'key';
  readonly at?: string;
}

/** A file that says something about the license of the repo. */
export interface FoundLicense extends ContentLicense {
  readonly path: RepoPath;
}

/** A scanned file of a snapshot. */
export interface ScannedFile extends VerifiedFile {
  readonly scan: BlobScan;
}

/**
 * What the licence gate saw. `declared` is the card's `license` as written (a list stays a list), `names` what it
 * says beside it (`license_name` for `license: other`). Empty where the card says nothing.
 */
export interface LicenseEvidence {
  readonly declared: readonly string[];
  readonly name?: string;
  readonly link?: string;
  /** Where it was read, or why it could not be: `README.md`, or a sentence. */
  readonly from: string;
  /** What LICENSE files and the metadata of other files say. */
  readonly found?: readonly FoundLicense[];
  /** Files that say something else again, and are not in `found`: nobody has looked at what. */
  readonly foundLeftOff?: number;
}

/** The code that a snapshot brings along and asks its loaders to run; scanners/judge/snapshot.ts. */
export interface CustomCode {
  /** sha256 in hex, over the paths and contents of the code and over what names it. */
  readonly digest: string;
  readonly files: readonly string[];
  readonly namedBy: readonly string[];
}

/** Parts of a model card that policy may ask for, as the Hub's template for cards has them. */
export const CARD_SECTIONS = ['intended-use', 'training-data', 'evaluation', 'limitations', 'license'] as const;
export type CardSection = (typeof CARD_SECTIONS)[number];

/** What the card says of itself: read once, in bounded form. An absent list is an empty one. */
export interface CardEvidence {
  /** Those that it has and says something in, by their headings and by the keys of the front matter. */
  readonly sections: readonly CardSection[];
  readonly pipelineTag?: string;
  readonly libraryName?: string;
  readonly languages?: readonly string[];
  readonly tags?: readonly string[];
  readonly datasets?: readonly string[];
  /** Why nothing, or not all of it, could be read. */
  readonly problem?: string;
}

/** Who published it upstream, and between which times that is known to have happened. All of it is upstream's word. */
export interface PublisherEvidence {
  /** The organisation or person; empty for a repo of before there were namespaces. */
  readonly namespace: string;
  /** ISO 8601 with `Z`: when the repo was made, and when its newest commit was. */
  readonly oldest?: string;
  readonly newest?: string;
}

/**
 * The one document over which everything is decided, and which is kept beside each decision. Without `files`: what an
 * early gate knew, before a byte of weights was pulled; without `license`: before the card was read. Fields may be added,
 * and then are optional; src/policy/EVIDENCE.md says what each means.
 */
export interface EvidenceDocument {
  /** The time at which it is judged, ISO 8601 with `Z`. */
  readonly now: string;
  readonly manifest: SourceManifest;
  /** Files that the source's selection left out: listed, and not scanned. */
  readonly excluded: readonly ExcludedFile[];
  readonly rulesVersion: string;
  readonly publisher?: PublisherEvidence;
  readonly license?: LicenseEvidence;
  readonly card?: CardEvidence;
  readonly files?: readonly ScannedFile[];
  readonly code?: CustomCode;
  /** Where it comes from; not there where nothing says so. */
  readonly lineage?: LineageEvidence;
  /** Signed evaluations that were added for the commit; read where the policy asks for any. */
  readonly evaluations?: readonly EvaluationEvidence[];
}

/** All that policy may read of a snapshot that was pulled and scanned. */
export interface Evidence extends EvidenceDocument {
  readonly license: LicenseEvidence;
  readonly files: readonly ScannedFile[];
}

/** A file that a source's include and exclude patterns left out before anything was pulled. */
export interface ExcludedFile {
  readonly file: SourceFile;
  readonly pattern: string;
}

/** A file that policy withheld from the selection once the verdicts were in. */
export interface WithheldFile {
  readonly path: RepoPath;
  readonly rule: string;
  readonly message: string;
}
