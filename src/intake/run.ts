// SPDX-License-Identifier: Apache-2.0
import { open } from 'node:fs/promises';
import type PQueue from 'p-queue';
import type { Journal } from '#src/catalog/journal.ts';
import type { Publisher, ReleaseStatement } from '#src/catalog/publisher.ts';
import type { Clock } from '#src/domain/clock.ts';
import type { Approval, Decision } from '#src/domain/decision.ts';
import { AirlockError, isAirlockError } from '#src/domain/errors.ts';
import type { Evidence, LicenseEvidence, ScannedFile } from '#src/domain/evidence.ts';
import type { Source, SourceFile, SourceManifest, VerifiedFile } from '#src/domain/manifest.ts';
import type { Repo } from '#src/domain/repo.ts';
import type { Ref } from '#src/domain/revision.ts';
import type { Index } from '#src/index/index.ts';
import { readLicense } from '#src/policy/card.ts';
import { type EvaluationContext, earlyDecision, evaluate, invalidListing } from '#src/policy/evaluate.ts';
import { CARD_PATH, isSmallFile } from '#src/policy/files.ts';
import type { Limits, PolicyRules, SourceRule } from '#src/policy/rules.ts';
import { type Selection, select } from '#src/policy/sources.ts';
import type { Scanner } from '#src/scan/scanner.ts';
import { type Closed, closedByPerson } from './decided.ts';
import { type FetchDeps, fetchAll } from './fetch-all.ts';
import type { IntakeOutcome } from './progress.ts';
import { promote } from './promote.ts';
import { contentName, type QuarantinedFolder } from './quarantine.ts';
import { storedDecision } from './stored-decision.ts';
import type { Tracker } from './tracker.ts';

export interface RunDeps extends FetchDeps {
  readonly scanner: Scanner;
  readonly publisher: Publisher;
  readonly journal: Journal;
  readonly index: Index;
  readonly clock: Clock;
  readonly rules: PolicyRules;
  readonly limits: Limits;
  /**
   * Where runs take turns: one queue for the gates, which are a few questions, and one for pulling and scanning, which
   * may take hours. Left out: every run goes on at once.
   */
  readonly turns?: { readonly gates: PQueue; readonly bulk: PQueue };
}

/** One commit to bring in. `repo` is the name that was asked for; upstream's own name is in the source. */
export interface Job {
  readonly repo: Repo;
  readonly ref?: Ref;
  readonly source: Source;
  readonly rule: SourceRule;
  readonly approval?: Approval;
}

/** What went through the gates, and is worth its bytes. */
interface Admitted extends Selection {
  readonly manifest: SourceManifest;
  readonly license: LicenseEvidence;
  readonly folder: QuarantinedFolder;
}

/**
 * The chain, from a commit to a decision and, where it is a yes, a release. Cheap gates come first: a licence that is
 * not allowed is refused before a byte of weights is pulled. A crash at any line leaves bytes in quarantine at most,
 * which the next run hashes and uses; what makes a release is the one journal entry at the end of `publish`.
 */
export async function runIntake(
  deps: RunDeps,
  job: Job,
  tracker: Tracker,
  signal: AbortSignal,
): Promise<IntakeOutcome> {
  const admitted = await inTurn(deps.turns?.gates, signal, () => passGates(deps, job, tracker, signal));
  if ('type' in admitted) return admitted;
  tracker.stage('queued');
  return inTurn(deps.turns?.bulk, signal, () => bringIn(deps, job, admitted, tracker, signal));
}

/** A run that waited while the mirror stopped asks upstream nothing any more. */
async function inTurn<T>(queue: PQueue | undefined, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const turn = async () => {
    signal.throwIfAborted();
    return work();
  };
  return queue ? queue.add(turn) : turn();
}

/** Listing and card: what can be refused without the weights is refused here. */
async function passGates(
  deps: RunDeps,
  job: Job,
  tracker: Tracker,
  signal: AbortSignal,
): Promise<Admitted | IntakeOutcome> {
  const context = contextOf(deps, job);
  tracker.stage('listing');
  const manifest = await list(deps, job, signal);
  if (manifest instanceof AirlockError) return refuse(deps, job, invalidListing(manifest.message, deps.rules, context));
  const { selected, excluded } = select(manifest.files, job.rule);
  const atListing = stopsEarly(earlyDecision({ manifest, selected }, deps.rules, context));
  if (atListing) return refuse(deps, job, atListing);
  tracker.total(new Set(selected.map(contentName)).size, totalBytes(selected));

  tracker.stage('card');
  const folder = await deps.quarantine.open(job.repo, job.source.commit);
  const license = await fetchCard(deps, job, manifest, folder, signal);
  const atLicense = stopsEarly(earlyDecision({ manifest, selected, license }, deps.rules, context));
  if (atLicense) return refuse(deps, job, atLicense, license);
  return { manifest, selected, excluded, license, folder };
}

/** Pull, scan, decide, publish. Each of them can take long: before it, a person may have said no. */
async function bringIn(
  deps: RunDeps,
  job: Job,
  { manifest, selected, excluded, license, folder }: Admitted,
  tracker: Tracker,
  signal: AbortSignal,
): Promise<IntakeOutcome> {
  const beforeFetching = await closedMeanwhile(deps, job);
  if (beforeFetching) return beforeFetching;
  tracker.stage('fetching');
  const rest = selected.filter((file) => !isSmallFile(file));
  const small = await fetchAll(deps, job.source, selected.filter(isSmallFile), folder, tracker, signal);
  const large = await fetchAll(deps, job.source, rest, folder, tracker, signal);

  const beforeScanning = await closedMeanwhile(deps, job);
  if (beforeScanning) return beforeScanning;
  tracker.stage('scanning');
  const files = await scanAll(deps, [...small, ...large], folder, signal);
  const evidence: Evidence = { manifest, excluded, license, files, rulesVersion: deps.scanner.rulesVersion };
  const decision = evaluate(evidence, deps.rules, contextOf(deps, job));
  if (decision.outcome !== 'approved') return refuse(deps, job, decision, license, files);

  const beforePublishing = await closedMeanwhile(deps, job);
  if (beforePublishing) return beforePublishing;
  tracker.stage('publishing');
  return publish(deps, job, { excluded }, license, files, decision, folder);
}

/**
 * Whether a person closed the commit, under this name or upstream's own, since the run began. `publish` asks once more,
 * in the same step in which it writes; this saves the bytes, and drops those that came.
 */
async function closedMeanwhile(deps: RunDeps, { repo, source }: Job): Promise<Closed | undefined> {
  const { commit } = source;
  const [asked, itsOwn] = [await deps.journal.state(repo), await deps.journal.state(source.repo)];
  const closed =
    closedByPerson(commit, asked.commits.get(commit)) ?? closedByPerson(commit, itsOwn.commits.get(commit));
  if (closed) await deps.quarantine.discard(repo, commit);
  return closed;
}

function contextOf(deps: RunDeps, { rule, approval }: Job): EvaluationContext {
  return { rule, limits: deps.limits, approval, rulesVersion: deps.scanner.rulesVersion, now: deps.clock.now() };
}

/**
 * A denial stops the intake, and so does a hold: what may never be approved is not worth its bytes. A source whose
 * every commit a person reviews goes on, because that person wants to see the scan.
 */
function stopsEarly(decision: Decision | undefined): Decision | undefined {
  const stops = decision?.reasons.some(
    (reason) => reason.effect !== 'note' && reason.accepted === undefined && reason.rule !== 'source-review',
  );
  return stops ? decision : undefined;
}

/** A listing that is none is evidence, and returned; an answer that is no listing is upstream's failure, and thrown. */
async function list(deps: RunDeps, { source }: Job, signal: AbortSignal): Promise<SourceManifest | AirlockError> {
  const files: SourceFile[] = [];
  try {
    for await (const file of deps.upstream.list(source, signal)) {
      files.push(file);
      // The listing itself must end: far above the limit of files, because a selection may leave most of them out.
      if (files.length > MAX_LISTED)
        return new AirlockError('upstream-listing-invalid', `The commit has more than ${MAX_LISTED} files.`);
    }
  } catch (error) {
    if (isAirlockError(error, 'upstream-listing-invalid')) return error;
    throw error;
  }
  const paths = new Set(files.map((file) => file.path));
  if (paths.size < files.length) return new AirlockError('upstream-listing-invalid', 'Upstream lists a path twice.');
  if (!sizesAgree(files))
    return new AirlockError('upstream-listing-invalid', 'Upstream lists one content with two sizes.');
  return { source, files: files.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path))) };
}

const MAX_LISTED = 1_000_000;

/** Each content is pulled once, for all its paths: a size that only one of them has would be signed unchecked. */
function sizesAgree(files: readonly SourceFile[]): boolean {
  const sizes = new Map(files.map((file) => [contentName(file), file.size]));
  return files.every((file) => sizes.get(contentName(file)) === file.size);
}

/** The card is evidence even where the selection leaves it out. */
async function fetchCard(
  deps: RunDeps,
  job: Job,
  manifest: SourceManifest,
  folder: QuarantinedFolder,
  signal: AbortSignal,
): Promise<LicenseEvidence> {
  const card = manifest.files.find((file) => file.path === CARD_PATH);
  if (!card) return readLicense(undefined);
  if (card.size > MAX_CARD_BYTES) return { declared: [], from: `${CARD_PATH} has more than ${MAX_CARD_BYTES} bytes` };
  await fetchAll(deps, job.source, [card], folder, UNCOUNTED, signal);
  const handle = await open(folder.file(card), 'r');
  try {
    return readLicense(await handle.readFile('utf8'));
  } finally {
    await handle.close();
  }
}

/** The card may be outside of the selection, whose bytes are what progress counts; inside, it is counted in its turn. */
const UNCOUNTED = { bytes: () => {}, fileDone: () => {} };

const MAX_CARD_BYTES = 8 * 2 ** 20;

async function scanAll(
  deps: RunDeps,
  files: readonly VerifiedFile[],
  folder: QuarantinedFolder,
  signal: AbortSignal,
): Promise<ScannedFile[]> {
  const targets = files.map((file) => ({
    path: file.path,
    sha256: file.sha256,
    size: file.size,
    file: folder.file(file),
  }));
  const scans = await deps.scanner.scan(targets, { signal });
  return files.map((file) => {
    const scan = scans.get(file.path);
    if (!scan)
      throw new AirlockError('scan-failed', `The scanner gave no verdict for ${file.path}.`, { path: file.path });
    return { ...file, scan };
  });
}

/** Held bytes stay in quarantine, so that an approval need not pull them again; denied bytes go at once. */
async function refuse(
  deps: RunDeps,
  job: Job,
  decision: Decision,
  license?: LicenseEvidence,
  files: readonly ScannedFile[] = [],
): Promise<IntakeOutcome> {
  const { repo, source } = job;
  await deps.index.decisions.put({
    kind: repo.kind,
    repo: repo.id,
    commit: source.commit,
    outcome: decision.outcome,
    policyDigest: decision.policyDigest,
    rulesVersion: decision.rulesVersion,
    complete: files.length > 0,
    decidedAt: decision.decidedAt,
    body: JSON.stringify(storedDecision(decision, source.repo.id, job.approval, license, files)),
  });
  if (decision.outcome === 'denied') await deps.quarantine.discard(repo, source.commit);
  return { type: 'refused', commit: source.commit, decision };
}

async function publish(
  deps: RunDeps,
  job: Job,
  { excluded }: Pick<Selection, 'excluded'>,
  license: LicenseEvidence,
  files: readonly ScannedFile[],
  decision: Decision,
  folder: QuarantinedFolder,
): Promise<IntakeOutcome> {
  const { repo, ref, source, approval } = job;
  const withheldBy = new Map(decision.withheld.map((file) => [file.path, file]));
  const served = files.filter((file) => !withheldBy.has(file.path));
  // Bytes before records: a record names only what is there. Put checks each digest once more.
  await promote(deps.blobs, served, folder);
  const published = await deps.publisher.publish({
    repo,
    commit: source.commit,
    ...(ref === undefined ? {} : { ref }),
    upstream: upstreamOf(deps, job),
    files: served.map(({ path, size, sha256, gitOid, lfs, scan }) => ({
      path,
      size,
      sha256,
      gitOid,
      ...(lfs === undefined ? {} : { lfs: { pointerSize: lfs.pointerSize } }),
      format: scan.format,
      verdict: scan.verdict,
    })),
    withheld: files.flatMap(({ path, size, sha256 }) => {
      const entry = withheldBy.get(path);
      return entry ? [{ ...entry, size, sha256 }] : [];
    }),
    excluded: excluded.map(({ file, pattern }) => ({ path: file.path, size: file.size, pattern })),
    license,
    reasons: decision.reasons,
    policyDigest: decision.policyDigest,
    rulesVersion: decision.rulesVersion,
    approver: approval ? { type: 'person', name: approval.by, reason: approval.reason } : { type: 'policy' },
    approvedAt: decision.decidedAt,
  });
  await deps.quarantine.discard(repo, source.commit);
  if (!published) return (await closedMeanwhile(deps, job)) ?? { type: 'closed', commit: source.commit };
  await deps.index.decisions.remove(repo, source.commit);
  return { type: 'approved', commit: source.commit };
}

function upstreamOf({ upstream }: RunDeps, { source }: Job): ReleaseStatement['upstream'] {
  return {
    url: `${upstream.url}/${source.repo.kind === 'models' ? '' : `${source.repo.kind}/`}${source.repo.id}`,
    repo: source.repo,
    ...(source.lastModified === undefined ? {} : { lastModified: source.lastModified }),
    ...(source.createdAt === undefined ? {} : { createdAt: source.createdAt }),
  };
}

function totalBytes(files: readonly SourceFile[]): number {
  return [...new Map(files.map((file) => [contentName(file), file.size])).values()].reduce(
    (sum, size) => sum + size,
    0,
  );
}
