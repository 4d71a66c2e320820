// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type PQueue from 'p-queue';
import type { CommitState, RepoState } from '#src/catalog/repo-state.ts';
import type { Approval } from '#src/domain/decision.ts';
import { AirlockError, messageOf } from '#src/domain/errors.ts';
import type { Source } from '#src/domain/manifest.ts';
import { parseRepo, type Repo, repoKey } from '#src/domain/repo.ts';
import {
  type CommitSha,
  DEFAULT_REF,
  type Ref,
  type RefKind,
  type Revision,
  revisionText,
} from '#src/domain/revision.ts';
import { policyDigest } from '#src/policy/digest.ts';
import { deniedSource, type EvaluationContext } from '#src/policy/evaluate.ts';
import type { SourceRule } from '#src/policy/rules.ts';
import { matchSource } from '#src/policy/sources.ts';
import type { IntakeOutcome, Progress, Ticket } from './progress.ts';
import { type RunDeps, runIntake } from './run.ts';
import type { StoredDecision } from './stored-decision.ts';
import { createTracker, type Tracker } from './tracker.ts';

type Refused = Extract<IntakeOutcome, { type: 'refused' }>;
type Closed = Extract<IntakeOutcome, { type: 'closed' }>;

export interface IntakesDeps extends Omit<RunDeps, 'limits'> {
  readonly limits: RunDeps['limits'];
  readonly sources: readonly SourceRule[];
  /** So many intakes at once. */
  readonly queue: PQueue;
  /** `auto`: a branch's pin follows upstream's head once that is approved. */
  readonly follow: 'manual' | 'auto';
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
  const requests = new Map<string, Ticket>();
  const runs = new Map<string, { tracker: Tracker; outcome: Promise<IntakeOutcome> }>();
  const stopping = new AbortController();

  function request(repo: Repo, revision: Revision, options: { afresh?: boolean } = {}): Ticket {
    const key = `${repoKey(repo)}@${revisionText(revision)}`;
    const known = requests.get(key);
    if (known) return known;
    const ref = revision.type === 'ref' ? revision.ref : undefined;
    const own = createTracker(deps.clock, repo, ref);
    let shown = own;
    const work = handle(repo, revision, options.afresh ?? false, (tracker) => {
      shown = tracker;
    });
    const outcome = work
      .catch((error: unknown): IntakeOutcome => failed(repo, revision, error))
      .finally(() => requests.delete(key));
    const ticket: Ticket = { progress: () => shown.snapshot(), outcome };
    requests.set(key, ticket);
    return ticket;
  }

  function failed(repo: Repo, revision: Revision, cause: unknown): IntakeOutcome {
    const error = cause instanceof AirlockError ? cause : new AirlockError('internal', messageOf(cause), {}, cause);
    deps.log.error(
      {
        repo: repoKey(repo),
        revision: revisionText(revision),
        code: error.code,
        subject: error.subject,
        security: error.security,
        err: error,
      },
      'intake failed',
    );
    return { type: 'failed', error };
  }

  /** Source gate, commit, what is known of it, and only then the run. */
  async function handle(
    repo: Repo,
    revision: Revision,
    afresh: boolean,
    show: (tracker: Tracker) => void,
  ): Promise<IntakeOutcome> {
    const rule = matchSource(deps.sources, repo);
    const denied = deniedSource(rule, repo, deps.rules, contextOf(rule));
    if (denied) return { type: 'refused', decision: denied };
    const source = await deps.upstream.resolve(repo, revision);
    // A renamed repo must pass under both names: the pattern that opens the old one may not open the new one.
    const underItsName = matchSource(deps.sources, source.repo);
    const deniedThere = deniedSource(underItsName, source.repo, deps.rules, contextOf(underItsName));
    if (deniedThere) return { type: 'refused', commit: source.commit, decision: deniedThere };
    const kind = revision.type === 'ref' ? await noteRef(repo, revision.ref, source) : undefined;

    const outcome = await settle(repo, source, revision, rule as SourceRule, afresh, show);
    if (outcome.type === 'approved' && revision.type === 'ref' && kind)
      await pin(repo, revision.ref, kind, outcome.commit);
    return outcome;
  }

  async function settle(
    repo: Repo,
    source: Source,
    revision: Revision,
    rule: SourceRule,
    afresh: boolean,
    show: (tracker: Tracker) => void,
  ): Promise<IntakeOutcome> {
    const state = (await deps.journal.state(repo)).commits.get(source.commit);
    if (state?.status === 'approved') return { type: 'approved', commit: source.commit };
    if (state?.status === 'rejected' || state?.status === 'revoked') return { type: 'closed', commit: source.commit };
    const before = afresh ? undefined : await stillRefused(repo, source.commit, state);
    if (before) return before;
    const run = joinRun(repo, source, revision, rule, state?.approval);
    show(run.tracker);
    return run.outcome;
  }

  function joinRun(repo: Repo, source: Source, revision: Revision, rule: SourceRule, approval: Approval | undefined) {
    const key = `${repoKey(repo)}@${source.commit}`;
    const known = runs.get(key);
    if (known) return known;
    const ref = revision.type === 'ref' ? revision.ref : undefined;
    const tracker = createTracker(deps.clock, repo, ref);
    tracker.commit(source.commit);
    const job = {
      repo,
      manifestSource: source,
      rule,
      ...(ref === undefined ? {} : { ref }),
      ...(approval === undefined ? {} : { approval }),
    };
    const outcome = deps.queue
      .add(() => recorded(repo, source, ref, tracker, () => runIntake(deps, job, tracker, stopping.signal)))
      .finally(() => runs.delete(key));
    const run = { tracker, outcome };
    runs.set(key, run);
    return run;
  }

  /** The row of a running intake outlives a crash: the next process takes it up. */
  async function recorded(
    repo: Repo,
    source: Source,
    ref: Ref | undefined,
    tracker: Tracker,
    run: () => Promise<IntakeOutcome>,
  ): Promise<IntakeOutcome> {
    const id = randomUUID();
    const name = { repo: repoKey(repo), commit: source.commit };
    const now = () => deps.clock.now().toISOString();
    const row = {
      id,
      kind: repo.kind,
      repo: repo.id,
      commit: source.commit,
      ref: ref ?? null,
      errorCode: null,
      errorMessage: null,
    };
    await deps.index.intakes.begin({
      ...row,
      state: 'running',
      startedAt: now(),
      updatedAt: now(),
      ...rowOf(tracker.snapshot()),
    });
    deps.log.info({ intake: id, ...name }, 'intake started');
    try {
      const outcome = await run();
      await deps.index.intakes.update(id, { state: 'done', updatedAt: now(), ...rowOf(tracker.snapshot()) });
      deps.log.info(
        { intake: id, ...name, outcome: outcome.type === 'refused' ? outcome.decision.outcome : outcome.type },
        'intake ended',
      );
      return outcome;
    } catch (error) {
      // Stopped, not failed: the row stays "running" for the next start.
      if (stopping.signal.aborted) throw error;
      const code = error instanceof AirlockError ? error.code : 'internal';
      await deps.index.intakes.update(id, {
        state: 'failed',
        errorCode: code,
        errorMessage: messageOf(error),
        updatedAt: now(),
        ...rowOf(tracker.snapshot()),
      });
      throw error;
    }
  }

  async function stillRefused(
    repo: Repo,
    commit: CommitSha,
    state: CommitState | undefined,
  ): Promise<Refused | undefined> {
    const row = await deps.index.decisions.get(repo, commit);
    const digest = policyDigest(deps.rules, matchSource(deps.sources, repo), deps.limits);
    if (
      !row ||
      row.outcome === 'approved' ||
      row.policyDigest !== digest ||
      row.rulesVersion !== deps.scanner.rulesVersion
    )
      return undefined;
    const { decision, approvalAt } = JSON.parse(row.body) as StoredDecision;
    if (state?.approval?.at !== approvalAt) return undefined;
    return { type: 'refused', commit, decision };
  }

  async function noteRef(repo: Repo, ref: Ref, source: Source): Promise<RefKind | undefined> {
    const known = await deps.index.refs.get(repo, ref);
    const kind = known?.refKind ?? (await kindOf(repo, ref));
    if (kind)
      await deps.index.refs.put({
        kind: repo.kind,
        repo: repo.id,
        ref,
        refKind: kind,
        commit: source.commit,
        checkedAt: deps.clock.now().toISOString(),
      });
    return kind;
  }

  /** A short sha, or a name that upstream resolves and does not list, is no ref: it is answered, and never pinned. */
  async function kindOf(repo: Repo, ref: Ref): Promise<RefKind | undefined> {
    if (ref === DEFAULT_REF) return 'branch';
    if (ref.startsWith('refs/pr/')) return 'pull';
    if (ref.startsWith('refs/convert/')) return 'convert';
    return (await deps.upstream.refs(repo)).find(({ name }) => name === ref)?.kind;
  }

  async function pin(repo: Repo, ref: Ref, kind: RefKind, commit: CommitSha): Promise<void> {
    const state = await deps.journal.state(repo);
    if (!mayMove(state, ref, kind)) return;
    await deps.publisher.pin(
      repo,
      { ref, kind, commit },
      { by: 'policy', reason: state.pins.has(ref) ? 'refs.follow is auto' : 'first approved commit of this ref' },
    );
  }

  /** A ref stays where it was approved, unless that is gone or the configuration says to follow upstream. */
  function mayMove(state: RepoState, ref: Ref, kind: RefKind): boolean {
    const pinned = state.pins.get(ref);
    if (!pinned || state.commits.get(pinned.commit)?.status !== 'approved') return true;
    return deps.follow === 'auto' && kind !== 'tag';
  }

  function contextOf(rule: SourceRule | undefined): EvaluationContext {
    return { rule, limits: deps.limits, rulesVersion: deps.scanner.rulesVersion, now: deps.clock.now() };
  }

  return {
    request,

    async decided(repo, revision) {
      const rule = matchSource(deps.sources, repo);
      const denied = deniedSource(rule, repo, deps.rules, contextOf(rule));
      if (denied) return { type: 'refused', decision: denied };
      const seen = revision.type === 'ref' ? (await deps.index.refs.get(repo, revision.ref))?.commit : revision.commit;
      if (seen === undefined || runs.has(`${repoKey(repo)}@${seen}`)) return undefined;
      const state = (await deps.journal.state(repo)).commits.get(seen);
      if (state?.status === 'rejected' || state?.status === 'revoked') return { type: 'closed', commit: seen };
      return stillRefused(repo, seen, state);
    },

    running: () => [...runs.values()].map(({ tracker }) => tracker.snapshot()),

    async resume() {
      const rows = await deps.index.intakes.running();
      for (const row of rows) {
        await deps.index.intakes.update(row.id, {
          state: 'failed',
          errorCode: 'shutting-down',
          errorMessage: 'The process that ran it ended.',
        });
        const revision: Revision =
          row.ref === null ? { type: 'commit', commit: row.commit } : { type: 'ref', ref: row.ref };
        request(parseRepo(row.kind, row.repo), revision);
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

function rowOf({ stage, bytesDone, bytesTotal, filesDone, filesTotal }: Progress) {
  return { stage, bytesDone, bytesTotal, filesDone, filesTotal };
}
