// SPDX-License-Identifier: Apache-2.0
import type { Catalog } from '#src/catalog/catalog.ts';
import type { ReleaseRegister } from '#src/catalog/release-register.ts';
import type { Act } from '#src/catalog/repo-state.ts';
import { revocableOf } from '#src/catalog/revocable.ts';
import type { Sha256 } from '#src/domain/digest.ts';
import { isAirlockError } from '#src/domain/errors.ts';
import type { ReleaseFile } from '#src/domain/release.ts';
import { parseRepo, type Repo, repoKey } from '#src/domain/repo.ts';
import type { CommitSha } from '#src/domain/revision.ts';
import { Revocations } from '#src/domain/revocations.ts';
import type { RevocationScope } from '#src/domain/ruling.ts';
import type { Index } from '#src/index/index.ts';
import { type Accesses, type Pull, Pulls } from './pulls.ts';

/** What is asked about: one commit, what a revocation of that scope speaks of, or all that is revoked now. */
export type AffectedTarget =
  | { readonly type: 'commit'; readonly repo: Repo; readonly commit: CommitSha }
  | RevocationScope
  | { readonly type: 'all' };

export interface NamedRelease {
  readonly repo: Repo;
  readonly commit: CommitSha;
}

/** A release that is meant itself. `revoked`: who stopped it, where somebody did. */
export interface MeantRelease extends NamedRelease {
  readonly revoked?: Act;
  readonly files: readonly ReleaseFile[];
}

export interface Affected {
  readonly releases: readonly MeantRelease[];
  /** Other releases that hold some of the same files, and how many. */
  readonly sharing: readonly (NamedRelease & { readonly files: number })[];
  /** Releases whose card or adapter names one of the repos as its base. */
  readonly derived: readonly (NamedRelease & { readonly base: Repo; readonly relation: string })[];
  /** Not there when nobody asked for it. */
  readonly pulls?: readonly Pull[];
  /** There is more than is listed. */
  readonly cut: boolean;
}

export interface AffectedDeps {
  readonly catalog: Pick<Catalog, 'find' | 'state' | 'statement' | 'repos'>;
  readonly register: Pick<ReleaseRegister, 'catchUp'>;
  readonly index: Pick<Index, 'releaseParts'>;
  readonly ledger: Accesses;
}

/** Lists are for people, and an answer has to end: releases, files of them all, and who pulled. */
const MAX_RELEASES = 2000;
const MAX_FILES = 50_000;
const MAX_PULLS = 2000;
const BLOBS_AT_ONCE = 400;

export async function affected(
  deps: AffectedDeps,
  target: AffectedTarget,
  options: { readonly pulls: boolean },
): Promise<Affected> {
  await deps.register.catchUp();
  const releases: MeantRelease[] = [];
  let files = 0;
  let cut = false;
  for await (const release of meant(deps, target)) {
    cut = releases.length >= MAX_RELEASES || files >= MAX_FILES;
    if (cut) break;
    files += release.files.length;
    releases.push(release);
  }
  const pulls = options.pulls ? await pulledBy(deps, target, releases) : undefined;
  return {
    releases,
    sharing: await sharing(deps, target, releases),
    derived: await derivedFrom(deps, releases),
    ...(pulls && { pulls: pulls.list }),
    cut: cut || pulls?.cut === true,
  };
}

/** Releases that are meant, whatever became of them: what was served once is in somebody's cache. */
async function* meant(deps: AffectedDeps, target: AffectedTarget): AsyncGenerator<MeantRelease> {
  if (target.type === 'commit') {
    const release = await meantCommit(deps, target);
    if (release) yield release;
    return;
  }
  for await (const named of target.type === 'digest' ? holders(deps, target.digest) : everyRelease(deps)) {
    const release = await meantCommit(deps, named, target);
    if (release) yield release;
  }
}

async function* holders({ index }: AffectedDeps, digest: Sha256): AsyncGenerator<NamedRelease> {
  for (const { kind, repo, commit } of await index.releaseParts.holding([digest]))
    yield { repo: parseRepo(kind, repo), commit };
}

async function* everyRelease({ catalog }: AffectedDeps): AsyncGenerator<NamedRelease> {
  for await (const repo of catalog.repos())
    for (const [commit, { statement }] of (await catalog.state(repo)).commits) if (statement) yield { repo, commit };
}

async function meantCommit(
  { catalog }: AffectedDeps,
  { repo, commit }: NamedRelease,
  target?: Exclude<AffectedTarget, { type: 'commit' }>,
): Promise<MeantRelease | undefined> {
  const statement = await readable(catalog.statement(repo, commit));
  if (!statement) return undefined;
  const found = await readable(catalog.find(repo, { type: 'commit', commit }));
  const revoked = found?.type === 'revoked' || found?.type === 'rejected' ? { revoked: found.act } : {};
  if (target?.type === 'all' && !('revoked' in revoked)) return undefined;
  if (target && target.type !== 'all' && !new Revocations([rulingOf(target)]).ofRelease(revocableOf(statement)))
    return undefined;
  const files = target?.type === 'digest' ? statement.files.filter(holds(target.digest)) : statement.files;
  return { repo, commit, ...revoked, files };
}

const holds =
  (digest: Sha256) =>
  ({ sha256 }: ReleaseFile): boolean =>
    sha256 === digest;

/** A ruling that nobody made, to ask what it would stop. */
function rulingOf(scope: RevocationScope) {
  return { number: 1, at: '', by: '', reason: '', event: { type: 'revocation', scope } } as const;
}

/** A record that is damaged is served to nobody, and hides no other one here. */
async function readable<T>(answer: Promise<T>): Promise<T | undefined> {
  return answer.catch((error: unknown) => {
    if (isAirlockError(error, 'record-invalid', 'signature-invalid')) return undefined;
    throw error;
  });
}

/** A list of what is revoked names who holds it already. */
async function sharing(
  { index }: AffectedDeps,
  target: AffectedTarget,
  releases: readonly MeantRelease[],
): Promise<Affected['sharing']> {
  if (target.type === 'all') return [];
  const own = new Set(releases.map(nameOf));
  const others = new Map<string, NamedRelease & { files: number }>();
  const blobs = [...new Set(releases.flatMap(({ files }) => files.map(({ sha256 }) => sha256)))];
  for (let i = 0; i < blobs.length; i += BLOBS_AT_ONCE)
    for (const row of await index.releaseParts.holding(blobs.slice(i, i + BLOBS_AT_ONCE))) {
      const release = { repo: parseRepo(row.kind, row.repo), commit: row.commit };
      const name = nameOf(release);
      if (own.has(name)) continue;
      const known = others.get(name);
      if (known) known.files += 1;
      else if (others.size < MAX_RELEASES) others.set(name, { ...release, files: 1 });
    }
  return [...others.values()].sort((a, b) => b.files - a.files);
}

/** Of the files of these releases those that some release serves now: their bytes alone are no reason to delete them. */
export async function servedDigests(
  { index, catalog }: Pick<AffectedDeps, 'index' | 'catalog'>,
  releases: readonly MeantRelease[],
): Promise<ReadonlySet<Sha256>> {
  const known = new Map<string, boolean>();
  const served = new Set<Sha256>();
  const blobs = [...new Set(releases.flatMap(({ files }) => files.map(({ sha256 }) => sha256)))];
  for (let i = 0; i < blobs.length; i += BLOBS_AT_ONCE)
    for (const { kind, repo: id, commit, sha256 } of await index.releaseParts.holding(
      blobs.slice(i, i + BLOBS_AT_ONCE),
    )) {
      const repo = parseRepo(kind, id);
      const name = nameOf({ repo, commit });
      if (!known.has(name)) {
        const found = await readable(catalog.find(repo, { type: 'commit', commit }));
        known.set(name, found?.type === 'release');
      }
      if (known.get(name)) served.add(sha256);
    }
  return served;
}

async function derivedFrom({ index }: AffectedDeps, releases: readonly MeantRelease[]): Promise<Affected['derived']> {
  const bases = new Map(releases.map(({ repo }) => [repoKey(repo).toLowerCase(), repo]));
  const derived: Affected['derived'][number][] = [];
  for (const base of bases.values())
    for (const { kind, repo, commit, relation } of await index.releaseParts.derivedFrom(base))
      if (derived.length < MAX_RELEASES) derived.push({ repo: parseRepo(kind, repo), commit, base, relation });
  return derived;
}

async function pulledBy(
  { ledger }: AffectedDeps,
  target: AffectedTarget,
  releases: readonly MeantRelease[],
): Promise<Pulls> {
  const pulls = new Pulls(MAX_PULLS);
  if (target.type === 'digest') await pulls.addAll(ledger.accessesOf({ sha256s: [target.digest] }));
  else for (const { repo, commit } of releases) await pulls.addAll(ledger.accessesOf({ repo, commit }));
  return pulls;
}

function nameOf({ repo, commit }: NamedRelease): string {
  return `${repoKey(repo)}@${commit}`;
}
