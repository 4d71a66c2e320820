// SPDX-License-Identifier: Apache-2.0
import type { Sha256 } from './digest.ts';
import type { Repo, RepoKind } from './repo.ts';

/** What a revocation stops, wherever it is served. A publisher is a namespace, the part of a repo's id before the slash. */
export type RevocationScope =
  | { readonly type: 'repo'; readonly repo: Repo }
  | { readonly type: 'digest'; readonly digest: Sha256 }
  | { readonly type: 'publisher'; readonly publisher: string }
  | { readonly type: 'rule'; readonly rule: string };

/** Where a waiver holds: in one repo, or for one content wherever it is (a file, or custom code by its digest). */
export type WaiverScope =
  | { readonly type: 'repo'; readonly repo: Repo }
  | { readonly type: 'digest'; readonly digest: Sha256 };

/** What may come in from a source. As people decided it at run time it comes before the patterns of the configuration. */
export interface SourceTerms {
  /** `org/*` or `org/name`; case does not count. */
  readonly match: string;
  readonly kinds: readonly RepoKind[];
  readonly mode: 'auto' | 'review' | 'request' | 'deny';
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /**
   * Repos that upstream shows to our token alone, gated and private ones. `hold`: a person decides, and then tokens that
   * were granted them read. `granted`: those read what policy approves. `allow` opens them to every client.
   */
  readonly gated: 'hold' | 'granted' | 'allow';
  /** ISO 8601 with `Z`; null: until it is ended. */
  readonly expiresAt: string | null;
}

/** What people decide for more than one commit. */
export type RulingEvent =
  | ({ readonly type: 'source' } & SourceTerms)
  /** Custom code that may run, in whatever repo it is. */
  | { readonly type: 'code'; readonly digest: Sha256 }
  | {
      readonly type: 'waiver';
      /** Of policy, or of the scanner. */
      readonly rule: string;
      readonly scope: WaiverScope;
      readonly owner: string;
      readonly expiresAt: string;
    }
  | { readonly type: 'revocation'; readonly scope: RevocationScope }
  /** End an earlier ruling, by its number. Of what is a no it is a yes (`reinstatement`), of what is a yes a no (`end`). */
  | { readonly type: 'reinstatement' | 'end'; readonly ruling: number };

/** A ruling that stands. Its number names it for people: `ruling 12`. */
export interface Ruling<E extends RulingEvent = RulingEvent> {
  readonly number: number;
  /** ISO 8601 with `Z`. */
  readonly at: string;
  readonly by: string;
  readonly reason: string;
  readonly event: E;
}
