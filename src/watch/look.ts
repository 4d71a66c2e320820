// SPDX-License-Identifier: Apache-2.0
import type { Catalog } from '#src/catalog/catalog.ts';
import type { ReleaseStatement } from '#src/catalog/publisher.ts';
import type { Pin } from '#src/catalog/repo-state.ts';
import { type AirlockError, isAirlockError } from '#src/domain/errors.ts';
import type { Source } from '#src/domain/manifest.ts';
import { type Repo, repoKey, repoName } from '#src/domain/repo.ts';
import { type CommitSha, type Ref, shortSha } from '#src/domain/revision.ts';
import { unpackEvidence } from '#src/policy/evidence-document.ts';
import { cameFrom } from '#src/upstream/repo-url.ts';
import type { Upstream } from '#src/upstream/upstream.ts';
import type { AlertType, Fact } from './alert.ts';

export interface LookDeps {
  readonly upstream: Pick<Upstream, 'resolve' | 'ancestry'>;
  readonly catalog: Pick<Catalog, 'statement' | 'evidence'>;
}

/** A ref, and the approved commit that it is pinned to. */
export interface Watched {
  readonly repo: Repo;
  readonly ref: Ref;
  readonly pin: Pin;
}

/**
 * What became of a ref, its commit and its repo upstream. Only what upstream has said counts: that it is away, refuses
 * us or answers nonsense is no fact about a repo, and what can not be told is none either.
 */
export async function look(deps: LookDeps, watched: Watched, signal?: AbortSignal): Promise<Fact[]> {
  const { repo, ref, pin } = watched;
  let source: Source;
  try {
    source = await deps.upstream.resolve(repo, { type: 'ref', ref }, signal);
  } catch (error) {
    return unanswered(deps, watched, error, signal);
  }
  const statement = await deps.catalog.statement(repo, pin.commit);
  // Another upstream's repo of the same name says nothing of where the release came from: that is held, and told then.
  if (!statement || !isComparable(statement, source)) return [];
  const facts = [...renamed(watched, statement, source), ...(await restricted(deps, watched, statement, source))];
  if (source.commit === pin.commit) return facts;
  return [...facts, ...(await moved(deps, watched, statement, source, signal))];
}

async function unanswered(
  deps: LookDeps,
  { repo, ref, pin }: Watched,
  error: unknown,
  signal: AbortSignal | undefined,
): Promise<Fact[]> {
  if (!isAirlockError(error)) throw error;
  const name = repoName(repo);
  if (error.code === 'upstream-repo-not-found' && isSaid(error))
    return [about('repo-vanished', repo, {}, `${name} is not to be had upstream any more: ${error.message}`)];
  if (error.code === 'upstream-gated' && isSaid(error))
    return [about('repo-gated', repo, {}, `${name} is closed to this mirror upstream: ${error.message}`)];
  if (error.code !== 'upstream-revision-not-found') return [];
  const { commit } = pin;
  const text = `${ref} of ${name} is gone upstream; here it is ${shortSha(commit)}: ${error.message}`;
  const gone = about('ref-vanished', repo, { ref, commit }, text);
  return [gone, ...(await withdrawn(deps, repo, commit, signal))];
}

/** A status alone may come from any proxy on the way. */
function isSaid({ subject: { said, status } }: AirlockError): boolean {
  return said !== undefined || status === 404;
}

/** Upstream is another than that of the release where the configuration, or the order of upstreams, has changed. */
function isComparable({ upstream }: ReleaseStatement, source: Source): boolean {
  return source.upstream === undefined || cameFrom(upstream, source.upstream.url);
}

function renamed({ repo }: Watched, { upstream }: ReleaseStatement, source: Source): Fact[] {
  if (repoKey(upstream.repo) === repoKey(source.repo)) return [];
  const [before, now] = [repoName(upstream.repo), repoName(source.repo)];
  return [about('repo-renamed', repo, {}, `${before} is called ${now} upstream now`, now)];
}

/** Compared with what upstream said when the release was made; where that was not kept, nobody can tell. */
async function restricted(
  { catalog }: LookDeps,
  { repo }: Watched,
  statement: ReleaseStatement,
  source: Source,
): Promise<Fact[]> {
  if (!source.gated && !source.private) return [];
  const packed = await catalog.evidence(statement);
  const before = packed && unpackEvidence(packed).manifest.source;
  if (!before) return [];
  const name = repoName(repo);
  return [
    ...(source.gated && !before.gated ? [about('repo-gated', repo, {}, `${name} is gated upstream now`)] : []),
    ...(source.private && !before.private ? [about('repo-private', repo, {}, `${name} is private upstream now`)] : []),
  ];
}

async function moved(
  deps: LookDeps,
  { repo, ref, pin: { kind, commit, by } }: Watched,
  statement: ReleaseStatement,
  source: Source,
  signal: AbortSignal | undefined,
): Promise<Fact[]> {
  const ancestry = await deps.upstream.ancestry(source, commit, signal).catch(unknownIfAway);
  if (ancestry === 'forgotten') return [];
  const facts: Fact[] = [];
  const [name, from, to] = [repoName(repo), shortSha(commit), shortSha(source.commit)];
  if (kind === 'tag')
    facts.push(
      about('tag-moved', repo, { ref, commit }, `tag ${ref} of ${name} is ${to} upstream now, and was ${from}`, to),
    );
  // What a person pinned may never have been on this branch.
  else if (ancestry === 'apart' && (by === 'policy' || statement.ref === ref))
    facts.push(
      about(
        'force-push',
        repo,
        { ref, commit },
        `${ref} of ${name} was rewritten upstream: ${to} does not come after ${from}`,
      ),
    );
  if (ancestry !== 'ancestor') facts.push(...(await withdrawn(deps, repo, commit, signal)));
  return facts;
}

/** Whether the commit itself can still be had. */
async function withdrawn(
  { upstream }: LookDeps,
  repo: Repo,
  commit: CommitSha,
  signal: AbortSignal | undefined,
): Promise<Fact[]> {
  try {
    await upstream.resolve(repo, { type: 'commit', commit }, signal);
    return [];
  } catch (error) {
    if (!isAirlockError(error)) throw error;
    const what = `${repoName(repo)}@${shortSha(commit)}`;
    if (error.code === 'upstream-revision-not-found')
      return [about('commit-vanished', repo, { commit }, `${what} is gone upstream: ${error.message}`)];
    if (error.code === 'upstream-gated' && isSaid(error))
      return [
        about('commit-withdrawn', repo, { commit }, `${what} is not given out upstream any more: ${error.message}`),
      ];
    return [];
  }
}

function unknownIfAway(error: unknown): 'unknown' {
  if (isAirlockError(error)) return 'unknown';
  throw error;
}

function about(
  type: AlertType,
  repo: Repo,
  at: { readonly ref?: Ref; readonly commit?: CommitSha },
  message: string,
  more = '',
): Fact {
  const key = [type, repoKey(repo), at.ref ?? '', at.commit ?? '', more].join(' ').trimEnd();
  return { type, ...at, about: key, message };
}
