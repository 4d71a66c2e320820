// SPDX-License-Identifier: Apache-2.0
import type { Catalog } from '#src/catalog/catalog.ts';
import type { Journal } from '#src/catalog/journal.ts';
import type { Publisher } from '#src/catalog/publisher.ts';
import type { CommitState, RepoState } from '#src/catalog/repo-state.ts';
import type { Announce } from '#src/domain/announcement.ts';
import type { Clock } from '#src/domain/clock.ts';
import { type Approval, acceptanceOf, type Decision, type Reason } from '#src/domain/decision.ts';
import { AirlockError } from '#src/domain/errors.ts';
import { parseRepo, type Repo, repoKey, repoName } from '#src/domain/repo.ts';
import { type CommitSha, type Ref, type RefKind, type Revision, revisionText, shortSha } from '#src/domain/revision.ts';
import type { Index } from '#src/index/index.ts';
import type { Intakes } from '#src/intake/intakes.ts';
import type { IntakeOutcome } from '#src/intake/progress.ts';
import type { StoredDecision } from '#src/intake/stored-decision.ts';
import { applyApproval, outcomeOf } from '#src/policy/reason.ts';

/** Who acts, and why: both go into a signed record. */
export interface ActOf {
  readonly by: string;
  readonly reason: string;
}

/** What people decide. Every act is a signed entry in the repo's journal before it has any effect. */
export interface Review {
  /**
   * Accept the reasons that stand against a commit now, and run its intake again. Reasons that show up only then (a
   * scan that the hold came before) hold or deny it anew. `evenDenied` accepts denials too.
   * @throws AirlockError conflict: approved already, denied without `evenDenied`, or a reason that nobody can accept
   */
  approve(
    repo: Repo,
    revision: Revision,
    act: ActOf,
    evenDenied: boolean,
  ): Promise<{ commit: CommitSha; outcome: Promise<IntakeOutcome> }>;
  /** Refuse a commit for good, whatever policy says. @throws AirlockError conflict: it is approved (revoke it) */
  reject(repo: Repo, revision: Revision, act: ActOf): Promise<CommitSha>;
  /** Withdraw a release. @throws AirlockError conflict: it is not approved */
  revoke(repo: Repo, revision: Revision, act: ActOf): Promise<CommitSha>;
  /** Point a ref at an approved commit. @throws AirlockError conflict: the commit is not approved */
  pin(repo: Repo, ref: Ref, commit: CommitSha, act: ActOf): Promise<void>;
}

export interface ReviewDeps {
  readonly journal: Journal;
  readonly catalog: Pick<Catalog, 'upstreamName'>;
  readonly publisher: Publisher;
  readonly intakes: Intakes;
  readonly index: Pick<Index, 'decisions' | 'refs'>;
  readonly clock: Clock;
  readonly announce: Announce;
}

/** `fresh`: the intake ran just now, because of this approval. */
interface Known {
  readonly commit: CommitSha;
  readonly decision?: Decision;
  readonly fresh?: boolean;
}

export function createReview(deps: ReviewDeps): Review {
  const { journal, index, intakes } = deps;

  /** The commit that a person means by a ref: what was looked at last, then what is pinned. */
  async function commitOf(repo: Repo, revision: Revision, pinFirst: boolean): Promise<CommitSha | undefined> {
    if (revision.type === 'commit') return revision.commit;
    const pinned = (await journal.state(repo)).pins.get(revision.ref)?.commit;
    const seen = (await index.refs.get(repo, revision.ref))?.commit;
    return pinFirst ? (pinned ?? seen) : (seen ?? pinned);
  }

  async function stateOf(repo: Repo, commit: CommitSha): Promise<CommitState | undefined> {
    return (await journal.state(repo)).commits.get(commit);
  }

  async function storedDecision(repo: Repo, commit: CommitSha): Promise<Decision | undefined> {
    const row = await index.decisions.get(repo, commit);
    return row && (JSON.parse(row.body) as StoredDecision).decision;
  }

  /** What stands against the commit. Where nobody asked for it yet, the intake runs first. */
  async function knownDecision(repo: Repo, revision: Revision): Promise<Known> {
    const seen = await commitOf(repo, revision, false);
    const decision = seen && (await storedDecision(repo, seen));
    if (seen && decision) return { commit: seen, decision };
    const closed = seen && (await stateOf(repo, seen));
    if (seen && closed && closed.status !== 'open') return { commit: seen };
    const outcome = await intakes.request(repo, revision).outcome;
    if (outcome.type === 'failed') throw outcome.error;
    if (outcome.type !== 'refused') return { commit: outcome.commit, fresh: true };
    const { commit, decision: found } = outcome;
    if (commit === undefined) throw cannotAccept(repo, revision, found.reasons);
    const all: Approval = { by: 'nobody', reason: '', at: '', accepts: found.reasons.map(acceptanceOf) };
    if (outcomeOf(applyApproval(found.reasons, all)) !== 'approved') throw cannotAccept(repo, revision, found.reasons);
    // A yes is for what a person has seen, and nobody has seen this.
    const again = found.outcome === 'held' ? 'Run the same command again' : 'Run it again with --even-denied';
    throw conflict(
      repo,
      commit,
      `had not been looked at before. It is ${found.outcome}: ${said(found.reasons)}. ${again} to accept that`,
    );
  }

  /**
   * Upstream's own name, where the repo was renamed: what a person closes or opens under the old name holds there too,
   * and so for every other name that leads to it.
   */
  async function nameUpstream(repo: Repo, commit: CommitSha): Promise<Repo | undefined> {
    const row = await index.decisions.get(repo, commit);
    const upstream =
      (await deps.catalog.upstreamName(repo, commit)) ??
      (row && parseRepo(repo.kind, (JSON.parse(row.body) as StoredDecision).upstreamId));
    return upstream && repoKey(upstream) !== repoKey(repo) ? upstream : undefined;
  }

  /** A ref that nothing is served for points to what was approved under it. One that is served moves by policy alone. */
  async function pinned(repo: Repo, ref: Ref, ending: Promise<IntakeOutcome>): Promise<IntakeOutcome> {
    const outcome = await ending;
    if (outcome.type !== 'approved') return outcome;
    const { pins, commits } = await journal.state(repo);
    const pin = pins.get(ref);
    const kind = pin?.kind ?? (await index.refs.get(repo, ref))?.refKind;
    if (pin && commits.get(pin.commit)?.status === 'approved') intakes.request(repo, { type: 'ref', ref });
    else if (kind) {
      const act = { by: 'policy', reason: 'first approved commit of this ref' };
      await deps.publisher.pin(repo, { ref, kind, commit: outcome.commit }, act);
    }
    return outcome;
  }

  return {
    async approve(repo, revision, act, evenDenied) {
      const { commit, decision, fresh } = await knownDecision(repo, revision);
      const now = await stateOf(repo, commit);
      // Nobody had asked for it, and policy has just said yes by itself.
      if (now?.status === 'approved' && fresh)
        return { commit, outcome: Promise.resolve({ type: 'approved', commit }) };
      if (now?.status === 'approved') throw conflict(repo, commit, 'is approved already');
      if ((now?.status === 'rejected' || now?.status === 'revoked') && !evenDenied)
        throw conflict(
          repo,
          commit,
          `was ${now.status} by ${now.by}: ${now.reason}. Say --even-denied to open it again`,
        );
      const reasons = decision?.reasons ?? [];
      if (decision?.outcome === 'denied' && !evenDenied)
        throw conflict(repo, commit, `is denied: ${said(reasons)}. Say --even-denied to accept that`);
      const accepts = reasons.filter(({ effect }) => effect !== 'note').map(acceptanceOf);
      const approval: Approval = { by: act.by, reason: act.reason, at: '', accepts };
      const left = applyApproval(reasons, approval);
      if (outcomeOf(left) !== 'approved') throw cannotAccept(repo, revision, left);
      const name = await nameUpstream(repo, commit);
      const done = await journal.append(
        repo,
        { type: 'approval', commit, accepts },
        act,
        (state) => state.commits.get(commit)?.status !== 'approved',
      );
      if (!done) throw conflict(repo, commit, 'is approved already');
      if (name)
        await journal.append(name, { type: 'approval', commit, accepts }, act, (state) => isClosed(state, commit));
      // By commit: upstream's branch may have moved on, and what was looked at is what was approved.
      const outcome = intakes.request(repo, { type: 'commit', commit }, { afresh: true }).outcome;
      return { commit, outcome: revision.type === 'commit' ? outcome : pinned(repo, revision.ref, outcome) };
    },

    async reject(repo, revision, act) {
      const commit = await commitOf(repo, revision, false);
      if (commit === undefined) throw unknownRevision(repo, revision);
      const name = await nameUpstream(repo, commit);
      const done = await journal.append(
        repo,
        { type: 'rejection', commit },
        act,
        (state) => state.commits.get(commit)?.status !== 'approved',
      );
      if (!done) throw conflict(repo, commit, 'is approved. Withdraw it with: airlock revoke');
      if (name) await journal.append(name, { type: 'rejection', commit }, act, (state) => !isSettled(state, commit));
      return commit;
    },

    async revoke(repo, revision, act) {
      const commit = await commitOf(repo, revision, true);
      if (commit === undefined) throw unknownRevision(repo, revision);
      const name = await nameUpstream(repo, commit);
      const nothing = conflict(repo, commit, 'is not approved, so there is nothing to revoke');
      if (!isReleased(await journal.state(repo), commit)) throw nothing;
      // Upstream's own name first: a crash between the two leaves a command that can be said again, and closes the rest.
      if (name) await journal.append(name, { type: 'revocation', commit }, act, (state) => !isClosed(state, commit));
      const done = await journal.append(repo, { type: 'revocation', commit }, act, (state) =>
        isReleased(state, commit),
      );
      if (!done) throw nothing;
      const subject = `${repoName(repo)}@${shortSha(commit)}`;
      const { by, reason } = act;
      deps.announce({ type: 'revoked', at: deps.clock.now().toISOString(), subject, repo, commit, by, reason });
      return commit;
    },

    async pin(repo, ref, commit, act) {
      const known = await index.refs.get(repo, ref);
      const kind = (await journal.state(repo)).pins.get(ref)?.kind ?? known?.refKind ?? kindOf(ref);
      if (!(await deps.publisher.pin(repo, { ref, kind, commit }, act)))
        throw conflict(repo, commit, 'is not approved, so no ref can point to it');
    },
  };
}

function isSettled(state: RepoState, commit: CommitSha): boolean {
  return isClosed(state, commit) || state.commits.get(commit)?.status === 'approved';
}

function isReleased(state: RepoState, commit: CommitSha): boolean {
  const status = state.commits.get(commit)?.status;
  return status === 'approved' || status === 'quarantined';
}

function isClosed(state: RepoState, commit: CommitSha): boolean {
  const status = state.commits.get(commit)?.status;
  return status === 'rejected' || status === 'revoked';
}

/** By its name: what upstream says about the ref was never asked for. */
function kindOf(ref: Ref): RefKind {
  if (ref.startsWith('refs/pr/')) return 'pull';
  return ref.startsWith('refs/convert/') ? 'convert' : 'branch';
}

function said(reasons: readonly Reason[]): string {
  return reasons
    .filter(({ effect, accepted }) => effect !== 'note' && accepted === undefined)
    .map(({ message }) => message)
    .join('; ');
}

function conflict(repo: Repo, commit: CommitSha, problem: string): AirlockError {
  return new AirlockError('conflict', `${repoName(repo)}@${shortSha(commit)} ${problem}.`, {
    repo: repoName(repo),
    commit,
  });
}

function cannotAccept(repo: Repo, revision: Revision, reasons: readonly Reason[]): AirlockError {
  const text = `${repoName(repo)}@${revisionText(revision)} can not be approved: ${said(reasons)}. ${nobodyCan(reasons)}.`;
  return new AirlockError('conflict', text, { repo: repoName(repo) });
}

function nobodyCan(reasons: readonly Reason[]): string {
  const revoked = reasons.find(({ rule }) => rule === 'revoked');
  return revoked?.ruling === undefined
    ? 'Nobody can accept that; the configuration would have to change'
    : `Nobody can accept that while it stands: airlock reinstate ${revoked.ruling}`;
}

function unknownRevision(repo: Repo, revision: Revision): AirlockError {
  return new AirlockError(
    'bad-revision',
    `${repoName(repo)}@${revisionText(revision)} is not known here. Name the commit.`,
    { repo: repoName(repo) },
  );
}
