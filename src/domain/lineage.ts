// SPDX-License-Identifier: Apache-2.0
import type { LicenseEvidence } from './evidence.ts';
import type { RepoPath } from './path.ts';
import type { Repo } from './repo.ts';
import type { CommitSha } from './revision.ts';

/** How a model was made from another, as the Hub's cards say it (`base_model_relation`). */
export const BASE_RELATIONS = ['adapter', 'finetune', 'merge', 'quantized', 'unspecified'] as const;
export type BaseRelation = (typeof BASE_RELATIONS)[number];

/** A model that this one says it was made from. `revision` is as written; where there is none, the default branch. */
export interface Base {
  readonly repo: Repo;
  readonly relation: BaseRelation;
  readonly revision?: string;
}

/**
 * Weights that work on top of another model's (PEFT). `base` is not there where the file names none that is a repo;
 * `approved` is the commit under which that is served here.
 */
export interface AdapterEvidence {
  readonly path: RepoPath;
  readonly base?: Omit<Base, 'relation'>;
  readonly approved?: CommitSha;
}

/** A model somewhere up the line, and what is known of its license: `here` from its own signed statement. */
export interface Ancestor {
  readonly repo: Repo;
  /** The id of the model that names it as its base. */
  readonly baseOf: string;
  readonly known: 'here' | 'upstream' | 'unknown';
  readonly license?: LicenseEvidence;
  /** Why it is `unknown`. */
  readonly why?: string;
}

/** Where a model comes from, by its card, its adapters, and the cards of those. */
export interface LineageEvidence {
  readonly bases: readonly Base[];
  readonly adapters: readonly AdapterEvidence[];
  readonly ancestors: readonly Ancestor[];
}
