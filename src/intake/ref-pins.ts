// SPDX-License-Identifier: Apache-2.0
import type { Catalog } from '#src/catalog/catalog.ts';
import type { Publisher } from '#src/catalog/publisher.ts';
import type { RepoState } from '#src/catalog/repo-state.ts';
import type { Clock } from '#src/domain/clock.ts';
import type { Repo } from '#src/domain/repo.ts';
import { type CommitSha, DEFAULT_REF, type Ref, type RefKind } from '#src/domain/revision.ts';
import type { Index } from '#src/index/index.ts';
import type { SourceRule } from '#src/policy/rules.ts';
import { matchSource } from '#src/policy/sources.ts';
import type { Upstream } from '#src/upstream/upstream.ts';

export interface RefPinDeps {
  readonly index: Pick<Index, 'refs'>;
  readonly upstream: Pick<Upstream, 'refs'>;
  readonly catalog: Pick<Catalog, 'served'>;
  readonly publisher: Pick<Publisher, 'pin'>;
  readonly clock: Clock;
  readonly follow: FollowOf;
}

/** Whether the pins of a repo move by themselves: as its source says, else as all do. */
export type FollowOf = (repo: Repo) => 'manual' | 'auto';

export function followOf({ sources, refs }: FollowConfig): FollowOf {
  return (repo) => matchSource(sources, repo)?.follow ?? refs.follow;
}

interface FollowConfig {
  readonly sources: readonly SourceRule[];
  readonly refs: { readonly follow: 'manual' | 'auto' };
}

/**
 * Remember what upstream says a ref points to, and say what kind of ref it is. Undefined for a short sha, or a name that
 * upstream resolves and does not list: those are answered, and never pinned.
 */
export async function noteRef(
  deps: RefPinDeps,
  repo: Repo,
  ref: Ref,
  commit: CommitSha,
  signal: AbortSignal,
): Promise<RefKind | undefined> {
  const known = await deps.index.refs.get(repo, ref);
  const refKind = known?.refKind ?? (await kindOf(deps, repo, ref, signal));
  if (!refKind) return undefined;
  const checkedAt = deps.clock.now().toISOString();
  await deps.index.refs.put({ kind: repo.kind, repo: repo.id, ref, refKind, commit, checkedAt });
  return refKind;
}

async function kindOf(
  { upstream }: RefPinDeps,
  repo: Repo,
  ref: Ref,
  signal: AbortSignal,
): Promise<RefKind | undefined> {
  if (ref === DEFAULT_REF) return 'branch';
  if (ref.startsWith('refs/pr/')) return 'pull';
  if (ref.startsWith('refs/convert/')) return 'convert';
  return (await upstream.refs(repo, signal)).find(({ name }) => name === ref)?.kind;
}

/** Pin a ref to the commit that was approved under it, where policy may. */
export async function pinApproved(
  deps: RefPinDeps,
  repo: Repo,
  ref: Ref,
  kind: RefKind,
  commit: CommitSha,
): Promise<void> {
  const state = await deps.catalog.served(repo);
  if (!mayMove(deps.follow(repo), state, ref, kind)) return;
  const reason = state.pins.has(ref) ? 'it follows upstream' : 'first approved commit of this ref';
  await deps.publisher.pin(repo, { ref, kind, commit }, { by: 'policy', reason });
}

/**
 * A ref stays where it was approved, unless that is gone, or the configuration says to follow upstream. What a person
 * pinned, only a person moves: a roll-back would not last a quarter of an hour otherwise. Tags are promises: never.
 */
function mayMove(follow: 'manual' | 'auto', state: RepoState, ref: Ref, kind: RefKind): boolean {
  const pinned = state.pins.get(ref);
  if (!pinned || state.commits.get(pinned.commit)?.status !== 'approved') return true;
  return follow === 'auto' && kind !== 'tag' && pinned.by === 'policy';
}
