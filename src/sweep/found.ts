// SPDX-License-Identifier: Apache-2.0
import type { Repo } from '#src/domain/repo.ts';
import type { Revoked, Why } from './revoked.ts';
import type { Tree } from './tree.ts';

/** `by`: the names that a cache gives, or the sha256 of the bytes. */
export interface Match extends Why {
  readonly by: 'name' | 'bytes';
}

/** A copy of what was revoked. Repo and commit where the folder names them. */
export interface Found extends Match {
  readonly path: string;
  readonly repo?: Repo;
  readonly commit?: string;
  /** What goes when it is deleted, in this order. */
  readonly remove: readonly string[];
}

/** Asks a notice about what lies in a tree. */
export class Matcher {
  readonly tree: Tree;
  readonly problem: (path: string, what: string) => void;
  readonly #revoked: Revoked;
  readonly #hash: boolean;

  constructor(
    tree: Tree,
    problem: (path: string, what: string) => void,
    options: { readonly revoked: Revoked; readonly hash: boolean },
  ) {
    this.tree = tree;
    this.problem = problem;
    this.#revoked = options.revoked;
    this.#hash = options.hash;
  }

  byName(ask: (revoked: Revoked) => Why | undefined): Match | undefined {
    const why = ask(this.#revoked);
    return why && { ...why, by: 'name' };
  }

  /** Reads the file, where bytes are to be read at all and one of its size is looked for. */
  async byBytes(path: string): Promise<Match | undefined> {
    if (!this.#hash) return undefined;
    const size = await this.tree.size(path);
    if (size === undefined || !this.#revoked.mayHaveSize(size)) return undefined;
    const sha256 = await this.tree.sha256(path);
    const why = sha256 && this.#revoked.bytes(sha256);
    return why && { ...why, by: 'bytes' };
  }
}
