// SPDX-License-Identifier: Apache-2.0
import type PQueue from 'p-queue';
import type { Catalog } from '#src/catalog/catalog.ts';
import type { Rulings } from '#src/catalog/rulings.ts';
import { createStanding } from '#src/catalog/standing.ts';
import { AirlockError, type ErrorCode, messageOf } from '#src/domain/errors.ts';
import type { Source } from '#src/domain/manifest.ts';
import { parseRepo, type Repo, repoKey } from '#src/domain/repo.ts';
import { type CommitSha, type Revision, revisionText } from '#src/domain/revision.ts';
import { createBaseCards } from './base-cards.ts';
import { withOrigin } from './came-from.ts';
import { type Closed, closedByName, closedByPerson, type DecidedDeps, type Refused, stillRefused } from './decided.ts';
import type { InForce } from './in-force.ts';
import type { Job, RunDeps } from './job.ts';
import type { IntakeOutcome, Progress, Ticket } from './progress.ts';
import { recordedRun } from './recorded-run.ts';
import { noteRef, pinApproved, type RefPinDeps } from './ref-pins.ts';
import { type RejudgeDeps, rejudgeRelease } from './rejudge.ts';
import { runIntake } from './run.ts';
import { createTracker, type Tracker } from './tracker.ts';

export interface IntakesDeps extends Omit<RunDeps, 'baseCards'>, RefPinDeps, RejudgeDeps {
  readonly catalog: Pick<Catalog, 'find' | 'served' | 'statement' | 'evidence' | 'lastRelease'>;
  // Those below have some of these in part: the whole ones.
  readonly index: RunDeps['index'];
  readonly upstream: RunDeps['upstream'];
  readonly journal: RunDeps['journal'];
  readonly rulings: Pick<Rulings, 'state'>;
  readonly publisher: RunDeps['publisher'];
  readonly blobs: RunDeps['blobs'];
  readonly quarantine: RunDeps['quarantine'];
  readonly inForce: InForce;
  /** So many intakes at once. */
  readonly queue: PQueue;
  readonly log: { info(details: object, text: string): void; error(details: object, text: string): void };
}

/** From the first request to a decision. One run per (repo, commit), whoever asks and however many. */
export interface Intakes {
  /**
   * A refusal that still holds: a person's, or policy's under the same policy and rules with no approval since. Asks no
   * upstream.
   */
  decided(repo: Repo, revision: Revision): Promise<Refused | Closed | undefined>;
  /** Start an intake, or join the one that runs. `afresh` looks at upstream and judges again whatever was decided. */
  request(repo: Repo, revision: Revision, options?: { readonly afresh?: boolean }): Ticket;
  running(): readonly Progress[];
  /** Take up what an earlier process left unfinished. */
  resume(): Promise<number>;
  /** Stop: running downloads end, their bytes stay, the next start goes on. */
  stop(): Promise<void>;
}

export function createIntakes(deps: IntakesDeps): Intakes {
  const baseCards = createBaseCards(deps.upstream);
  const requests = new Map<string, Ticket>();
  const runs = new Map<string, Run>();
  const stopping = new AbortController();
  const standing = createStanding(deps.rulings);
  const decidedDeps: DecidedDeps = {
    ...deps,
    now: () => deps.clock.now(),
  };

  function request(repo: Repo, revision: Revision, { afresh = false } = {}): Ticket {
    // Who wants it afresh may just have approved it: an answer that was on its way already would not know of that.
    const key = `${repoKey(repo)}@${revisionText(revision)}${afresh ? ' afresh' : ''}`;
    const known = requests.get(key);
    if (known) return known;
    let shown = createTracker(deps.clock, repo, refOf(revision));
    const outcome = handle(repo, revision, afresh, (tracker) => {
      shown = tracker;
    })
      .catch((error: unknown) => failed(repo, revision, error))
      .finally(() => requests.delete(key));
    const ticket: Ticket = { progress: () => shown.snapshot(), outcome };
    requests.set(key, ticket);
    return ticket;
  }

  /** Source gate, commit, what is known of it, and only then the run. */
  async function handle(repo: Repo, revision: Revision, afresh: boolean, show: Show): Promise<IntakeOutcome> {
    // Nobody waits for a request that comes after `stop`: it must not touch what is about to be closed.
    stopping.signal.throwIfAborted();
    const closed = await closedByName(decidedDeps, repo, repo, await standing());
    if (closed) return closed;
    // Its bytes are here and its statement too: upstream has no part in it.
    if (revision.type === 'commit') {
      const known = await judgedAgain(repo, revision.commit);
      if (known) return known;
    }
    const source = await withOrigin(deps, repo, await deps.upstream.resolve(repo, revision, stopping.signal));
    const closedThere = await closedByName(decidedDeps, repo, source.repo, await standing());
    // Of a source that waits for a person, no commit is what has to be approved.
    if (closedThere?.source) return closedThere;
    if (closedThere) return { ...closedThere, commit: source.commit };
    const ref = refOf(revision);
    const kind = ref && (await noteRef(deps, repo, ref, source.commit, stopping.signal));
    const outcome = await settle(repo, source, ref, afresh, show);
    if (outcome.type === 'approved' && ref && kind) await pinApproved(deps, repo, ref, kind, outcome.commit);
    return outcome;
  }

  async function settle(
    repo: Repo,
    source: Source,
    ref: Job['ref'],
    afresh: boolean,
    show: Show,
  ): Promise<IntakeOutcome> {
    const { commit } = source;
    const rulings = await standing();
    const { commits } = await deps.journal.state(repo);
    const state = commits.get(commit);
    const itsOwn = (await deps.journal.state(source.repo)).commits.get(commit);
    const closed = closedByPerson(commit, state) ?? closedByPerson(commit, itsOwn);
    if (closed) return closed;
    if (state?.status === 'approved') return { type: 'approved', commit };
    const again = await judgedAgain(repo, commit);
    if (again) return again;
    const before = afresh ? undefined : await stillRefused(decidedDeps, repo, commit, commits, rulings);
    if (before) return before;
    const rule = await deps.inForce.source(repo, source.repo);
    if (!rule) throw new AirlockError('internal', 'A repo without a source got past the source gate.');
    const approval = state?.approval;
    const other = runs.get(`${repoKey(repo)}@${commit}`);
    if (other && other.approvedAt !== approval?.at) {
      // It began before the approval and ends without it. Both would write one folder, so it goes first.
      show(other.tracker);
      await other.outcome.catch(() => undefined);
      return settle(repo, source, ref, afresh, show);
    }
    const { revocations } = rulings;
    const job = { repo, source, rule, revocations, codeApprovals: await deps.inForce.code(commits) };
    const run = joinRun({ ...job, ...(ref ? { ref } : {}), ...(approval ? { approval } : {}) });
    show(run.tracker);
    return run.outcome;
  }

  /**
   * A release in quarantine is judged again, from its facts, once a person has said yes to it; until then it is for a
   * rescan to let it go. Undefined for any other commit.
   */
  async function judgedAgain(repo: Repo, commit: CommitSha): Promise<IntakeOutcome | undefined> {
    const state = (await deps.journal.state(repo)).commits.get(commit);
    if (state?.status !== 'quarantined') return undefined;
    if (state.approval === undefined) return { type: 'closed', commit };
    const judged = await rejudgeRelease(deps, repo, commit, { signal: stopping.signal });
    if (judged === undefined) return { type: 'closed', commit };
    const { decision } = judged;
    if (decision.outcome !== 'approved') return { type: 'refused', commit, decision };
    // Passed, and not released: rules or a person moved on meanwhile.
    return (await judgedAgain(repo, commit)) ?? { type: 'approved', commit };
  }

  function joinRun(job: Job): Run {
    const key = `${repoKey(job.repo)}@${job.source.commit}`;
    const known = runs.get(key);
    if (known) return known;
    if (deps.queue.size >= MAX_WAITING) throw tooMany();
    const tracker = createTracker(deps.clock, job.repo, job.ref);
    tracker.commit(job.source.commit);
    const work = async (): Promise<IntakeOutcome> => {
      const { rulesVersion } = deps.scanner;
      const outcome = await runIntake({ ...deps, baseCards }, job, tracker, stopping.signal);
      // Rules that changed after the verdicts and before the release: the rescan that follows them may have missed it.
      if (outcome.type !== 'approved' || rulesVersion === deps.scanner.rulesVersion) return outcome;
      const judged = await rejudgeRelease(deps, job.repo, outcome.commit, { signal: stopping.signal });
      if (judged === undefined || judged.decision.outcome === 'approved') return outcome;
      return { type: 'refused', commit: outcome.commit, decision: judged.decision };
    };
    const outcome = deps.queue
      .add(() => recordedRun(deps, job, tracker, stopping.signal, work))
      .finally(() => runs.delete(key));
    const run = { tracker, outcome, approvedAt: job.approval?.at };
    runs.set(key, run);
    return run;
  }

  function failed(repo: Repo, revision: Revision, cause: unknown): IntakeOutcome {
    const error = cause instanceof AirlockError ? cause : unexpected(cause);
    const { code, subject, security } = error;
    const name = { repo: repoKey(repo), revision: revisionText(revision) };
    // That somebody asks for what does not exist is no failure of ours.
    if (NO_FAILURE.has(code)) deps.log.info({ ...name, code, problem: error.message }, 'upstream has no such thing');
    else deps.log.error({ ...name, code, subject, security, err: error }, 'intake failed');
    return { type: 'failed', error };
  }

  /** What throws because of our own signal is no fault of anybody's. */
  function unexpected(cause: unknown): AirlockError {
    if (!stopping.signal.aborted) return new AirlockError('internal', messageOf(cause), {}, cause);
    return new AirlockError('shutting-down', 'The mirror is stopping. The intake goes on when it is back.', {}, cause);
  }

  return {
    request,

    async decided(repo, revision) {
      const rulings = await standing();
      const closed = await closedByName(decidedDeps, repo, repo, rulings);
      if (closed) return closed;
      const ref = refOf(revision);
      const commit =
        revision.type === 'commit' ? revision.commit : ref && (await deps.index.refs.get(repo, ref))?.commit;
      if (commit === undefined || runs.has(`${repoKey(repo)}@${commit}`)) return undefined;
      const { commits } = await deps.journal.state(repo);
      return closedByPerson(commit, commits.get(commit)) ?? stillRefused(decidedDeps, repo, commit, commits, rulings);
    },

    running: () => [...runs.values()].map(({ tracker }) => tracker.snapshot()),

    async resume() {
      await deps.quarantine.dropCopies();
      const rows = await deps.index.intakes.running();
      const ended = { state: 'failed', errorCode: 'shutting-down', errorMessage: 'Its process ended.' } as const;
      for (const { id, kind, repo, commit, ref } of rows) {
        await deps.index.intakes.update(id, ended);
        request(parseRepo(kind, repo), ref === null ? { type: 'commit', commit } : { type: 'ref', ref });
      }
      return rows.length;
    },

    async stop() {
      stopping.abort();
      await Promise.allSettled([...runs.values()].map(({ outcome }) => outcome));
      await Promise.allSettled([...requests.values()].map(({ outcome }) => outcome));
    },
  };
}

/** Runs that wait for a place in the queue: whoever can reach the mirror can name ten thousand repos. */
const MAX_WAITING = 1000;

function tooMany(): AirlockError {
  return new AirlockError('overloaded', 'Too many models wait to be brought in already. Try again in a minute.', {
    retryAfter: 60,
  });
}

const NO_FAILURE: ReadonlySet<ErrorCode> = new Set([
  'upstream-repo-not-found',
  'upstream-revision-not-found',
  'upstream-gated',
  'overloaded',
]);

type Show = (tracker: Tracker) => void;

interface Run {
  readonly tracker: Tracker;
  readonly outcome: Promise<IntakeOutcome>;
  /** The approval that it takes into account. */
  readonly approvedAt: string | undefined;
}

function refOf(revision: Revision): Job['ref'] {
  return revision.type === 'ref' ? revision.ref : undefined;
}
