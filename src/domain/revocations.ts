// SPDX-License-Identifier: Apache-2.0
import type { Sha256 } from './digest.ts';
import { type Repo, repoKey, repoName } from './repo.ts';
import type { RevocationScope, Ruling, RulingEvent } from './ruling.ts';

/** A revocation of more than one commit that stands. */
export type Revocation = Ruling<Extract<RulingEvent, { type: 'revocation' }>>;

/** What of a release a revocation can speak of. */
export interface Revocable {
  /** Every name that it is known by: what was asked for, and upstream's own. */
  readonly names: readonly Repo[];
  /** Of what is served. */
  readonly digests: Iterable<Sha256>;
  /** Rules of policy and scanner that its signed reasons name, and digests of custom code that they are about. */
  readonly rules: readonly string[];
  readonly codes: readonly string[];
}

/** The revocations that stand, by what they stop. Where several do, the oldest is named. */
export class Revocations {
  readonly size: number;
  readonly #numbers = new Set<number>();
  readonly #by = new Map<string, Revocation>();

  constructor(rulings: Iterable<Ruling>) {
    for (const ruling of rulings) {
      if (!isRevocation(ruling)) continue;
      this.#numbers.add(ruling.number);
      const key = scopeKey(ruling.event.scope);
      if (!this.#by.has(key)) this.#by.set(key, ruling);
    }
    this.size = this.#by.size;
  }

  stands(ruling: number): boolean {
    return this.#numbers.has(ruling);
  }

  of(scope: RevocationScope): Revocation | undefined {
    return this.#by.get(scopeKey(scope));
  }

  /** By its names alone: the repo as a whole, or everything of its publisher. */
  ofNames(names: readonly Repo[]): Revocation | undefined {
    if (this.size === 0) return undefined;
    return first(
      names.flatMap((repo) => [
        this.of({ type: 'repo', repo }),
        this.of({ type: 'publisher', publisher: publisherOf(repo) }),
      ]),
    );
  }

  ofDigest(digest: string): Revocation | undefined {
    return this.#by.get(`digest ${digest}`);
  }

  ofRule(rule: string): Revocation | undefined {
    return this.of({ type: 'rule', rule });
  }

  ofRelease({ names, digests, rules, codes }: Revocable): Revocation | undefined {
    if (this.size === 0) return undefined;
    const found = [this.ofNames(names), ...rules.map((rule) => this.ofRule(rule))];
    for (const digest of [...codes, ...digests]) {
      const revocation = this.ofDigest(digest);
      if (revocation) found.push(revocation);
    }
    return first(found);
  }
}

export function isRevocation(ruling: Ruling): ruling is Revocation {
  return ruling.event.type === 'revocation';
}

/** The namespace: empty for a repo of old that has none, which no publisher is called. */
export function publisherOf(repo: Repo): string {
  const [namespace = '', name] = repo.id.split('/');
  return name === undefined ? '' : namespace;
}

/** For people: `org/name`, `publisher org`, `sha256:...`, `rule pickle-import`. */
export function scopeText(scope: RevocationScope): string {
  switch (scope.type) {
    case 'repo':
      return repoName(scope.repo);
    case 'publisher':
      return `publisher ${scope.publisher}`;
    case 'digest':
      return `sha256:${scope.digest}`;
    case 'rule':
      return `rule ${scope.rule}`;
  }
}

/** The Hub takes `Org/Name` and `org/name` for the same repo, so another spelling must be no way around. */
function scopeKey(scope: RevocationScope): string {
  switch (scope.type) {
    case 'repo':
      return `repo ${repoKey(scope.repo).toLowerCase()}`;
    case 'publisher':
      return `publisher ${scope.publisher.toLowerCase()}`;
    case 'digest':
      return `digest ${scope.digest}`;
    case 'rule':
      return `rule ${scope.rule}`;
  }
}

function first(found: readonly (Revocation | undefined)[]): Revocation | undefined {
  return found.reduce((a, b) => (!a || (b && b.number < a.number) ? b : a), undefined);
}
