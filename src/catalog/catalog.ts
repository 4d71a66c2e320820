// SPDX-License-Identifier: Apache-2.0
import { LRUCache } from 'lru-cache';
import { openReleaseStatement, type ReleaseStatement } from '#src/attest/release-statement.ts';
import type { PublicKey } from '#src/attest/signer.ts';
import { type Sha256, sha256Of } from '#src/domain/digest.ts';
import { AirlockError, isAirlockError } from '#src/domain/errors.ts';
import type { Release, ReleaseFile } from '#src/domain/release.ts';
import { type Repo, type RepoKind, repoKey } from '#src/domain/repo.ts';
import { type CommitSha, isCommitSha, type Ref, type Revision } from '#src/domain/revision.ts';
import type { Revocation, Revocations } from '#src/domain/revocations.ts';
import type { RecordStore } from '#src/store/record-store.ts';
import { boundedCache } from './bounded-cache.ts';
import type { Journal } from './journal.ts';
import { bundleKey, evidenceKey, JOURNALS, journalsOf, repoOfJournalKey, seqOfJournalKey } from './keys.ts';
import type { Act, CommitState, Pin, RepoState } from './repo-state.ts';
import { revocableOf } from './revocable.ts';
import type { Rulings } from './rulings.ts';
import { createStanding } from './standing.ts';

/** The answer to "may this be served?". `unknown`: nobody decided about it here. */
export type Found =
  | { readonly type: 'release'; readonly release: Release }
  | {
      readonly type: 'revoked' | 'rejected' | 'quarantined';
      readonly commit: CommitSha;
      readonly act: Act;
      readonly byRef: boolean;
    }
  | { readonly type: 'unknown' };

/** The one place that makes a {@link Release}: out of signed records, verified when they are loaded. */
export interface Catalog {
  /** @throws AirlockError record-invalid, signature-invalid, journal-rolled-back, store-unavailable */
  find(repo: Repo, revision: Revision): Promise<Found>;
  /** Pins and approved commits of a repo. @throws as {@link find} */
  state(repo: Repo): Promise<RepoState>;
  /**
   * The state with those commits alone approved that {@link find} serves: not what was closed under upstream's own name,
   * what a ruling revokes, nor what has lost its statement. For what names commits to clients. @throws AirlockError store-unavailable, and those of the journal
   */
  served(repo: Repo): Promise<RepoState>;
  /**
   * Upstream's own name of a commit that was released here at any time, also where it was withdrawn since; undefined
   * when it never was. @throws as {@link find}
   */
  upstreamName(repo: Repo, commit: CommitSha): Promise<Repo | undefined>;
  /** The statement of a commit's last release, whatever became of it since. @throws as {@link find} */
  statement(repo: Repo, commit: CommitSha): Promise<ReleaseStatement | undefined>;
  /** The statement of the repo's newest release, whatever became of it since. @throws as {@link find} */
  lastRelease(repo: Repo): Promise<ReleaseStatement | undefined>;
  /** Whether that one was for tokens that were granted it; false where there never was one. @throws as {@link find} */
  lastRestricted(repo: Repo): Promise<boolean>;
  /**
   * The evidence that a statement names, packed as it was kept; undefined where it names none.
   * @throws AirlockError record-invalid: it is gone or altered; store-unavailable
   */
  evidence(statement: ReleaseStatement): Promise<Buffer | undefined>;
  /** Every repo that has a journal, in no order. @throws AirlockError store-unavailable */
  repos(): AsyncIterable<Repo>;
  /**
   * The repos of a kind that have a journal, each with the number of its last entry: from the names of the records
   * alone, so it says where to look and nothing of what is there. @throws AirlockError store-unavailable
   */
  journals(kind: RepoKind): AsyncIterable<{ readonly repo: Repo; readonly seq: number }>;
  /** The bundle bytes of a release as they were signed. @throws as {@link find} */
  statementBundle(release: Release): Promise<Buffer>;
  modelSignatureBundle(release: Release): Promise<Buffer>;
  /** What upstream itself had signed about the commit, as it came; undefined where it signs nothing. */
  upstreamStatementBundle(release: Release): Promise<Buffer | undefined>;
}

export interface CatalogOptions {
  readonly journal: Journal;
  readonly rulings: Pick<Rulings, 'state'>;
  readonly records: RecordStore;
  readonly keys: readonly PublicKey[];
  readonly cachedReleases: number;
}

/** A file of a release takes 320 bytes of memory (measured), and the release itself about as much as ten: 64 MB in all. */
const CACHED_FILES = 200_000;
const RELEASE_ITSELF = 10;
/** Commits of which upstream's own name of their repo is known, and releases of which is known whether a ruling revokes them. */
const KNOWN_NAMES = 20_000;
const KNOWN_RELEASES = 20_000;

/** What was found out about a release under the rulings of then. */
interface Ruled {
  readonly under: Revocations;
  readonly revocation: Revocation | undefined;
}

export function createCatalog(options: CatalogOptions): Catalog {
  const { journal, rulings, records } = options;
  const releases = boundedCache<Release>(
    options.cachedReleases,
    CACHED_FILES,
    ({ files, leftOut }) => files.size + leftOut.size + RELEASE_ITSELF,
  );

  // Apart from the releases: a repo may have hundreds, and to name them must not push out what others download.
  const names = new LRUCache<string, Repo>({ max: KNOWN_NAMES });
  // By the statement's digest: a release has thousands of files, and is asked about with each of them.
  const ruled = new LRUCache<Sha256, Ruled>({ max: KNOWN_RELEASES });
  const restricted = new LRUCache<Sha256, boolean>({ max: KNOWN_RELEASES });
  const standing = createStanding(rulings);

  async function revocationOf(
    under: Revocations,
    digest: Sha256,
    load: () => Release | Promise<Release>,
  ): Promise<Revocation | undefined> {
    if (under.size === 0) return undefined;
    const known = ruled.get(digest);
    if (known?.under === under) return known.revocation;
    const { repo, upstreamRepo, files, rules, codes } = await load();
    const digests = [...files.values()].map(({ sha256 }) => sha256);
    const revocation = under.ofRelease({ names: [repo, upstreamRepo], digests, rules, codes });
    ruled.set(digest, { under, revocation });
    return revocation;
  }

  async function release(repo: Repo, commit: CommitSha, statement: Sha256): Promise<Release> {
    // The digest is part of the key: a release that was revoked and published anew is another release.
    const cached = releases.get(`${repoKey(repo)}@${commit}:${statement}`);
    if (cached) return cached;
    const loaded = await opened(repo, commit, statement);
    releases.set(`${repoKey(repo)}@${commit}:${statement}`, loaded);
    return loaded;
  }

  async function opened(repo: Repo, commit: CommitSha, statement: Sha256): Promise<Release> {
    const bytes = await bundle(repo, commit, statement);
    return toRelease(repo, commit, statement, openReleaseStatement(bytes, options.keys));
  }

  async function bundle(
    repo: Repo,
    commit: CommitSha,
    digest: Sha256,
    key = bundleKey(repo, commit, digest),
  ): Promise<Buffer> {
    const record = await records.get(key);
    if (!record) throw damaged(repo, commit, digest, 'missing');
    const actual = sha256Of(record.bytes);
    if (actual !== digest) throw damaged(repo, commit, digest, actual);
    return record.bytes;
  }

  /** What a person closed under upstream's own name is closed under every other one. */
  async function closedUnderItsName(
    repo: Repo,
    commit: CommitSha,
    upstreamRepo: Repo,
    byRef: boolean,
  ): Promise<Found | undefined> {
    if (repoKey(upstreamRepo) === repoKey(repo)) return undefined;
    const there = (await journal.state(upstreamRepo)).commits.get(commit);
    if (there?.status !== 'revoked' && there?.status !== 'rejected') return undefined;
    return { type: there.status, commit, act: there, byRef };
  }

  async function find(repo: Repo, revision: Revision): Promise<Found> {
    const state = await journal.state(repo);
    const byRef = revision.type === 'ref';
    const commit = revision.type === 'commit' ? revision.commit : commitOf(state, revision.ref);
    const known = commit === undefined ? undefined : state.commits.get(commit);
    if (commit === undefined || known === undefined || known.status === 'open') return { type: 'unknown' };
    if (known.status !== 'approved') return { type: known.status, commit, act: known, byRef };
    if (known.statement === undefined) return { type: 'unknown' };
    const found = await release(repo, commit, known.statement);
    const closed = await closedUnderItsName(repo, commit, found.upstreamRepo, byRef);
    if (closed) return closed;
    const revocation = await revocationOf((await standing()).revocations, found.digest, () => found);
    if (revocation) return { type: 'revoked', commit, act: actOf(revocation), byRef };
    return { type: 'release', release: found };
  }

  async function nameUpstream(repo: Repo, commit: CommitSha, statement: Sha256): Promise<Repo> {
    const key = `${repoKey(repo)}@${commit}:${statement}`;
    const known = names.get(key);
    if (known) return known;
    const { upstreamRepo } = await opened(repo, commit, statement);
    names.set(key, upstreamRepo);
    return upstreamRepo;
  }

  async function isServed(repo: Repo, commit: CommitSha, statement: Sha256): Promise<boolean> {
    try {
      const name = await nameUpstream(repo, commit, statement);
      if (await closedUnderItsName(repo, commit, name, false)) return false;
      const { revocations } = await standing();
      return !(await revocationOf(revocations, statement, () => opened(repo, commit, statement)));
    } catch (error) {
      // Whoever asks for it is told what is wrong with it.
      if (isAirlockError(error, 'record-invalid', 'signature-invalid')) return false;
      throw error;
    }
  }

  return {
    state: (repo) => journal.state(repo),
    find,

    async served(repo) {
      const state = await journal.state(repo);
      const commits = new Map(state.commits);
      for (const [commit, { status, statement }] of state.commits)
        if (status === 'approved' && !(statement && (await isServed(repo, commit, statement)))) commits.delete(commit);
      return { ...state, commits };
    },

    async upstreamName(repo, commit) {
      const statement = (await journal.state(repo)).commits.get(commit)?.statement;
      return statement && (await release(repo, commit, statement)).upstreamRepo;
    },

    async statement(repo, commit) {
      const digest = (await journal.state(repo)).commits.get(commit)?.statement;
      return digest && openReleaseStatement(await bundle(repo, commit, digest), options.keys);
    },

    async lastRelease(repo) {
      const last = lastOf(await journal.state(repo));
      return last && openReleaseStatement(await bundle(repo, last.commit, last.statement), options.keys);
    },

    async lastRestricted(repo) {
      const last = lastOf(await journal.state(repo));
      if (last === undefined) return false;
      const known = restricted.get(last.statement);
      if (known !== undefined) return known;
      const { restricted: is } = await opened(repo, last.commit, last.statement);
      restricted.set(last.statement, is);
      return is;
    },

    async evidence({ repo, commit, evidence }) {
      return evidence && bundle(repo, commit, evidence, evidenceKey(repo, commit, evidence));
    },

    async *repos() {
      for await (const { repo } of lastEntries(records.list(JOURNALS))) yield repo;
    },

    journals: (kind) => lastEntries(records.list(journalsOf(kind))),

    statementBundle: ({ repo, commit, digest }) => bundle(repo, commit, digest),
    modelSignatureBundle: ({ repo, commit, modelSignature }) => bundle(repo, commit, modelSignature),
    async upstreamStatementBundle({ repo, commit, digest }) {
      const { upstream } = openReleaseStatement(await bundle(repo, commit, digest), options.keys);
      return upstream.statement && bundle(repo, commit, upstream.statement);
    },
  };
}

/** The commit that was released last, whatever became of it since. */
function lastOf({ commits }: RepoState): { commit: CommitSha; at: string; statement: Sha256 } | undefined {
  const released = [...commits].flatMap(([commit, { at, statement }]) =>
    statement ? [{ commit, at, statement }] : [],
  );
  return released.reduce((a, b) => (a && a.at > b.at ? a : b), released[0]);
}

/** Keys come in byte order: those of a repo together, the last entry's last. */
async function* lastEntries(keys: AsyncIterable<string>): AsyncIterable<{ repo: Repo; seq: number }> {
  let last: { repo: Repo; seq: number } | undefined;
  for await (const key of keys) {
    const repo = repoOfJournalKey(key);
    if (repo === undefined) continue;
    if (last && repoKey(last.repo) !== repoKey(repo)) yield last;
    last = { repo, seq: seqOfJournalKey(key) };
  }
  if (last) yield last;
}

/** What a ref is pinned to; or, as on the Hub, the one approved commit that starts with seven digits or more. */
function commitOf(state: RepoState, ref: Ref): CommitSha | undefined {
  const pin: Pin | undefined = state.pins.get(ref);
  if (pin) return pin.commit;
  if (!/^[0-9a-f]{7,39}$/.test(ref)) return undefined;
  const matches = [...state.commits].filter(
    ([commit, { status }]: [CommitSha, CommitState]) => status === 'approved' && commit.startsWith(ref),
  );
  return matches.length === 1 && matches[0] && isCommitSha(matches[0][0]) ? matches[0][0] : undefined;
}

function toRelease(repo: Repo, commit: CommitSha, digest: Sha256, statement: ReleaseStatement): Release {
  if (repoKey(statement.repo) !== repoKey(repo) || statement.commit !== commit)
    throw new AirlockError(
      'record-invalid',
      `The statement of ${repoKey(repo)}@${commit} speaks of ${repoKey(statement.repo)}@${statement.commit}.`,
      {
        repo: repoKey(repo),
        commit,
      },
    );
  const { lastModified, createdAt, restricted = false } = statement.upstream;
  const { rules, codes } = revocableOf(statement);
  return {
    repo,
    commit,
    upstreamRepo: statement.upstream.repo,
    restricted,
    digest,
    files: new Map(statement.files.map((file) => [file.path, releaseFile(file)])),
    leftOut: new Map([
      ...statement.withheld.map(({ path }) => [path, 'withheld'] as const),
      ...statement.excluded.map(({ path }) => [path, 'excluded'] as const),
    ]),
    modelSignature: statement.modelSignature,
    rules,
    codes,
    approvedAt: statement.approvedAt,
    approvedBy: statement.approver.type === 'person' ? statement.approver.name : 'policy',
    ...(lastModified === undefined ? {} : { lastModified }),
    ...(createdAt === undefined ? {} : { createdAt }),
  };
}

function actOf({ number, by, at, reason }: Revocation): Act {
  return { by, at, reason, ruling: number };
}

/** One text per verdict, whatever the number of files. */
const VERDICTS = { pass: 'pass', review: 'review', block: 'block', unscannable: 'unscannable' } as const;

/** What is kept in memory of a served file. */
function releaseFile({ path, size, sha256, gitOid, lfs, verdict }: ReleaseFile): ReleaseFile {
  return { path, size, sha256, gitOid, ...(lfs && { lfs }), verdict: VERDICTS[verdict] };
}

function damaged(repo: Repo, commit: CommitSha, expected: Sha256, actual: string): AirlockError {
  return new AirlockError(
    'record-invalid',
    `A signed record of ${repoKey(repo)}@${commit} is damaged or gone. The release is not served.`,
    {
      repo: repoKey(repo),
      commit,
      expected,
      actual,
    },
  );
}
