// SPDX-License-Identifier: Apache-2.0
import type PQueue from 'p-queue';
import type { Evidence } from '#src/domain/evidence.ts';
import { evaluate } from '#src/policy/evaluate.ts';
import { boundedEvidence } from '#src/policy/evidence-document.ts';
import { isSmallFile } from '#src/policy/files.ts';
import { withFound } from '#src/policy/found-licenses.ts';
import { type Closed, closedByPerson } from './decided.ts';
import { readEvaluations } from './evaluations.ts';
import { fetchAll } from './fetch-all.ts';
import { type Admitted, passGates } from './gates.ts';
import { contextOf, type Job, type RunDeps } from './job.ts';
import type { IntakeOutcome } from './progress.ts';
import { publishRelease } from './publish-release.ts';
import { refuse } from './refuse.ts';
import { scanAll } from './scan-all.ts';
import type { Tracker } from './tracker.ts';

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

/** Pull, scan, decide, publish. Each of them can take long: before it, a person may have said no. */
async function bringIn(
  deps: RunDeps,
  job: Job,
  { known, selected, folder }: Admitted,
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
  let scanned = await scanAll(deps, [...small, ...large], folder, signal);
  // Rules that were read again meanwhile judge it once more, from facts: a rescan looks at releases alone.
  while (scanned.rulesVersion !== deps.scanner.rulesVersion)
    scanned = await scanAll(deps, [...small, ...large], folder, signal);
  const now = deps.clock.now().toISOString();
  const license = withFound(known.license, scanned.files);
  const added = await readEvaluations(deps, job, scanned.files);
  const evidence: Evidence = boundedEvidence({ ...known, ...scanned, ...added, license, now });
  const decision = evaluate(evidence, deps.rules, contextOf(deps, job));
  if (decision.outcome !== 'approved') return refuse(deps, job, decision, evidence);

  const beforePublishing = await closedMeanwhile(deps, job);
  if (beforePublishing) return beforePublishing;
  tracker.stage('publishing');
  return publishRelease(deps, job, evidence, decision, folder);
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
