// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { openReleaseStatement, type ReleaseStatement } from '#src/attest/release-statement.ts';
import type { PublicKey } from '#src/attest/signer.ts';
import type { Catalog, Found } from '#src/catalog/catalog.ts';
import { isAirlockError } from '#src/domain/errors.ts';
import type { RuleMeaning } from '#src/domain/evidence.ts';
import type { Release } from '#src/domain/release.ts';
import type { Repo } from '#src/domain/repo.ts';
import type { CommitSha, Revision } from '#src/domain/revision.ts';
import type { Index } from '#src/index/index.ts';
import type { Intakes } from '#src/intake/intakes.ts';
import type { StoredDecision } from '#src/intake/stored-decision.ts';
import { ruleMeanings } from '#src/review/rule-meanings.ts';
import { kindShape } from './answers.ts';
import { progressJson } from './json.ts';

export interface DescribeDeps {
  readonly catalog: Catalog;
  readonly intakes: Pick<Intakes, 'running'>;
  readonly index: Pick<Index, 'intakes' | 'decisions' | 'refs'>;
  /** What a scanner rule means. */
  readonly explain: (rule: string) => RuleMeaning | undefined;
  /** What release statements are verified with. */
  readonly trusted: readonly PublicKey[];
}

/** A selection can leave out a million files. What is not listed here stands in the statement. */
const MAX_LISTED = 500;
const RECENT = 50;

export const descriptionShape = z.looseObject({
  kind: kindShape,
  repo: z.string(),
  commit: z.string().optional(),
  state: z.string().meta({
    description: 'approved, held, denied, rejected, revoked, quarantined, running, failed or unknown',
  }),
});
type Description = z.infer<typeof descriptionShape>;

/** What is known of a commit beside its name. */
type Known = Pick<Description, 'state'> & Record<string, unknown>;

/** Everything that is known about a revision: state, decision with reasons, findings; of a release, what is signed. `whole`: with what broke in our house. */
export async function describe(
  deps: DescribeDeps,
  repo: Repo,
  revision: Revision,
  whole: boolean,
): Promise<Description> {
  const name = { kind: repo.kind, repo: repo.id };
  const found = await deps.catalog.find(repo, revision);
  if (found.type !== 'unknown') return { ...name, ...(await describeFound(deps, repo, found)) };
  const seen = revision.type === 'commit' ? revision.commit : (await deps.index.refs.get(repo, revision.ref))?.commit;
  if (seen === undefined) return { ...name, state: 'unknown' };
  // A ref that was never approved has no pin: what a person said about its commit is found under the commit.
  const there = await deps.catalog.find(repo, { type: 'commit', commit: seen });
  if (there.type !== 'unknown') return { ...name, ...(await describeFound(deps, repo, there)) };
  return { ...name, commit: seen, ...(await describeUndecided(deps, repo, seen, whole)) };
}

async function describeFound(
  deps: DescribeDeps,
  repo: Repo,
  found: Exclude<Found, { type: 'unknown' }>,
): Promise<Known> {
  if (found.type === 'release') {
    const { commit, approvedAt, approvedBy, files, digest } = found.release;
    const known = { commit, state: 'approved', approvedAt, approvedBy, files: files.size, statement: digest };
    return { ...known, ...(await signedDetails(deps, found.release)) };
  }
  const { by, at, reason } = found.act;
  const closed = { commit: found.commit, state: found.type, by, at, reason };
  // A person's words are all there is to say; the mirror's own no has a decision behind it.
  return found.type === 'quarantined' ? { ...(await storedJson(deps, repo, found.commit)), ...closed } : closed;
}

/** The catalog has verified the statement already; this opens it once more for what a {@link Release} leaves out. */
async function signedDetails({ catalog, trusted }: DescribeDeps, release: Release): Promise<Record<string, unknown>> {
  const bytes = await catalog.statementBundle(release);
  try {
    return detailsJson(openReleaseStatement(bytes, trusted));
  } catch (error) {
    // Signed before a rotation of keys: the statement itself can still be downloaded.
    if (isAirlockError(error, 'signature-invalid')) return {};
    throw error;
  }
}

function detailsJson(statement: ReleaseStatement): Record<string, unknown> {
  const { approver, license, withheld, excluded, reasons, policyDigest, rulesVersion } = statement;
  return {
    approver,
    license,
    withheld: withheld.slice(0, MAX_LISTED).map(({ path, size, rule, message }) => ({ path, size, rule, message })),
    withheldCount: withheld.length,
    excluded: excluded.slice(0, MAX_LISTED).map(({ path, size, pattern }) => ({ path, size, pattern })),
    excludedCount: excluded.length,
    reasons,
    policyDigest,
    rulesVersion,
  };
}

async function describeUndecided(deps: DescribeDeps, repo: Repo, commit: CommitSha, whole: boolean): Promise<Known> {
  const running = deps.intakes
    .running()
    .find((progress) => progress.repo.kind === repo.kind && progress.repo.id === repo.id && progress.commit === commit);
  if (running) return { state: 'running', intake: progressJson(running) };
  return (await storedJson(deps, repo, commit)) ?? describeFailure(deps, repo, commit, whole);
}

async function storedJson({ index, explain }: DescribeDeps, repo: Repo, commit: CommitSha): Promise<Known | undefined> {
  const row = await index.decisions.get(repo, commit);
  if (!row) return undefined;
  const { decision, license, files, findingsLeftOff } = JSON.parse(row.body) as StoredDecision;
  const rules = ruleMeanings(files, explain);
  return { state: decision.outcome, ...decision, license, files, findingsLeftOff, rules };
}

/** No decision: the last intake may have broken off. */
async function describeFailure({ index }: DescribeDeps, repo: Repo, commit: CommitSha, whole: boolean): Promise<Known> {
  const rows = await index.intakes.recent(RECENT);
  const last = rows.find((row) => row.kind === repo.kind && row.repo === repo.id && row.commit === commit);
  if (last?.state !== 'failed') return { state: 'unknown' };
  const { errorCode, errorMessage } = last;
  return { state: 'failed', errorCode, ...(whole && errorMessage !== null ? { error: errorMessage } : {}) };
}
