// SPDX-License-Identifier: Apache-2.0
import type { Sha256 } from './digest.ts';

/** Who may sign evaluations: a name, and a bare public key in PEM. */
export interface EvaluationSigner {
  readonly name: string;
  readonly key: string;
}

/**
 * A signed evaluation that was added for a commit. Its signature is verified each time it is read, against the signers
 * who are configured then. With a `problem` it counts for nothing, and that says why.
 */
export interface EvaluationEvidence {
  /** sha256 of the document as it was added. */
  readonly document: Sha256;
  readonly signers: readonly string[];
  readonly kind?: string;
  /** When it was made, ISO 8601 with `Z`; a document may not say. */
  readonly evaluatedAt?: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly problem?: string;
}
