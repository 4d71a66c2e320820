// SPDX-License-Identifier: Apache-2.0
import { AirlockError, isAirlockError } from '#src/domain/errors.ts';
import type { Source, Trust } from '#src/domain/manifest.ts';
import { type Repo, type RepoKind, repoKey, repoName } from '#src/domain/repo.ts';
import { matchesRepo } from '#src/domain/repo-pattern.ts';
import type { Upstream } from './upstream.ts';

/** One of the configured upstreams, with the names that it owns. */
export interface UpstreamEntry {
  readonly name: string;
  readonly match: readonly string[];
  readonly kinds: readonly RepoKind[];
  readonly trust: Trust;
  /** Whether a repo that is not found here may be looked for in the next entry that matches it. */
  readonly next: boolean;
  readonly upstream: Upstream;
}

/**
 * Several upstreams as one, in order of priority. The first entry that matches a repo owns its name: what is missing
 * there, or can not be asked for, comes from nowhere else, because whoever may register names on a public hub would
 * otherwise put their model in the place of an in-house one. `next: true` goes on to the next entry where the repo is
 * not found, and never where that could not be found out.
 */
export function createUpstreams(
  entries: readonly UpstreamEntry[],
  /** The names of the upstreams that a repo may come from; undefined: from any. */
  bound: (repo: Repo) => readonly string[] | undefined = () => undefined,
): Upstream {
  const several = entries.length > 1;

  function candidates(repo: Repo): readonly UpstreamEntry[] {
    const names = bound(repo);
    const matching = entries.filter(
      ({ name, match, kinds }) =>
        (names === undefined || names.includes(name)) && match.some((pattern) => matchesRepo(pattern, kinds, repo)),
    );
    const last = matching.findIndex(({ next }) => !next);
    return last < 0 ? matching : matching.slice(0, last + 1);
  }

  async function ask<T>(repo: Repo, question: (entry: UpstreamEntry) => Promise<T>): Promise<T> {
    let missing = nobodys(repo);
    for (const entry of candidates(repo)) {
      try {
        return await question(entry);
      } catch (error) {
        const told = several ? named(error, entry) : error;
        if (!isMissing(told)) throw told;
        missing = told;
      }
    }
    throw missing;
  }

  async function resolveAt(entry: UpstreamEntry, ...[repo, revision, signal]: Parameters<Upstream['resolve']>) {
    const source = await entry.upstream.resolve(repo, revision, signal);
    checkOwner(repo, source, entry, candidates(source.repo)[0]);
    const { name, trust, upstream } = entry;
    return { ...source, upstream: { name, trust, url: upstream.url } };
  }

  function of({ upstream, repo }: Source): Upstream {
    const entry = entries.find(({ name }) => name === upstream?.name);
    if (!entry) throw new AirlockError('internal', `${repoKey(repo)} came from no upstream that is configured.`);
    return entry.upstream;
  }

  return {
    url: entries[0]?.upstream.url ?? '',
    resolve: (repo, revision, signal) => ask(repo, (entry) => resolveAt(entry, repo, revision, signal)),
    refs: (repo, signal) => ask(repo, (entry) => entry.upstream.refs(repo, signal)),
    fingerprint: entries.map(fingerprintOf).join(' '),
    statement: async (source, signal) => of(source).statement?.(source, signal),
    ancestry: async (head, commit, signal) => of(head).ancestry(head, commit, signal),
    list: (source, signal) => of(source).list(source, signal),
    open: (source, file, offset, signal) => of(source).open(source, file, offset, signal),
  };
}

/** Patterns decide who is asked, and are no part of what an answer was judged by. */
function fingerprintOf({ name, trust, upstream }: UpstreamEntry): string {
  return [name, trust, upstream.url, upstream.fingerprint ?? ''].join('|');
}

/**
 * A hub may say that a repo has another name now. That name must be one of its own: a public hub could otherwise pass
 * its repo off as an in-house one, whose journal the release would be compared with.
 */
function checkOwner(asked: Repo, { repo }: Source, entry: UpstreamEntry, owner: UpstreamEntry | undefined): void {
  if (repo.id.toLowerCase() === asked.id.toLowerCase() || owner === entry) return;
  const whose = owner ? `belongs to the upstream "${owner.name}"` : 'no upstream of this mirror owns';
  throw new AirlockError(
    'upstream-invalid',
    `The upstream "${entry.name}" calls ${repoName(asked)} by the name ${repoName(repo)}, which ${whose}.`,
    { repo: repoKey(asked), upstream: entry.name },
  );
}

/** A hub answers 401 for what is not there, and for what it does not show to us: the second is no "not found". */
function isMissing(error: unknown): error is AirlockError {
  return isAirlockError(error, 'upstream-repo-not-found') && error.subject.status !== 401;
}

function nobodys(repo: Repo): AirlockError {
  const subject = { repo: repoKey(repo) };
  return new AirlockError('upstream-repo-not-found', `No upstream of this mirror has ${repoName(repo)}.`, subject);
}

/** Of several, people want to know which. */
function named(error: unknown, { name }: UpstreamEntry): unknown {
  if (!isAirlockError(error) || !error.code.startsWith('upstream-')) return error;
  const message = error.message.replace(/^Upstream\b/, `The upstream "${name}"`);
  return new AirlockError(error.code, message, { ...error.subject, upstream: name }, error);
}
