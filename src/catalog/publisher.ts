// SPDX-License-Identifier: Apache-2.0
import { signModel } from '#src/attest/model-signature.ts';
import { type ReleaseStatement, signReleaseStatement } from '#src/attest/release-statement.ts';
import type { Signer } from '#src/attest/signer.ts';
import { type Sha256, sha256Of } from '#src/domain/digest.ts';
import type { Repo } from '#src/domain/repo.ts';
import type { CommitSha, Ref, RefKind } from '#src/domain/revision.ts';
import type { RecordStore } from '#src/store/record-store.ts';
import type { Journal } from './journal.ts';
import { bundleKey, evidenceKey } from './keys.ts';
import { allowsRelease, type CommitState } from './repo-state.ts';

export type { ReleaseStatement };

/** A statement before it is signed: what it names by digest is known then. */
export type ReleaseDraft = Omit<ReleaseStatement, 'modelSignature' | 'evidence'>;

/** Turns a decision into something that the catalog will serve. The bytes must be in the blob store already. */
export interface Publisher {
  /**
   * Sign and record a release, with the evidence that it was decided over (packed); false when a person rejected or revoked the commit meanwhile, and then nothing is
   * served; or when `applies` says that what was judged is no longer so. May be called again after a crash: the later statement counts, what was left behind is never read.
   */
  publish(
    statement: ReleaseDraft,
    options?: {
      readonly evidence?: Uint8Array | undefined;
      readonly applies?: (state: CommitState | undefined) => boolean;
    },
  ): Promise<boolean>;
  /** Keep what somebody else has signed about a commit beside its release, which names it by the digest. */
  keep(repo: Repo, commit: CommitSha, bundle: Buffer): Promise<Sha256>;
  /** Point a ref at an approved commit; false when the commit is not approved (any more). */
  pin(
    repo: Repo,
    pin: { ref: Ref; kind: RefKind; commit: CommitSha },
    act: { by: string; reason: string },
  ): Promise<boolean>;
}

export interface PublisherOptions {
  readonly journal: Journal;
  readonly records: RecordStore;
  readonly signer: Signer;
  /** Told of every repo with a new release. It must not throw. */
  readonly published?: (repo: Repo) => void;
}

export function createPublisher({ journal, records, signer, published }: PublisherOptions): Publisher {
  return {
    async publish(draft, { evidence, applies = () => true } = {}) {
      const { repo, commit } = draft;
      const name = repo.id.split('/').at(-1) ?? repo.id;
      const model = await signModel(signer, { name, files: draft.files });
      const modelSignature = sha256Of(model);
      const named = evidence === undefined ? {} : { evidence: sha256Of(evidence) };
      const statement = await signReleaseStatement(signer, { ...draft, modelSignature, ...named });
      const digest = sha256Of(statement);
      // Before the statement that names it: who reads the one finds the other.
      if (evidence && named.evidence) await records.create(evidenceKey(repo, commit, named.evidence), evidence);
      // Until the journal names them, both bundles are records that nobody reads: a crash here costs a few kilobytes.
      await records.create(bundleKey(repo, commit, modelSignature), model);
      await records.create(bundleKey(repo, commit, digest), statement);
      const act = actOf(draft);
      const done = await journal.append(repo, { type: 'release', commit, statement: digest }, act, (state) => {
        const now = state.commits.get(commit);
        return allowsRelease(now) && applies(now);
      });
      if (done) published?.(repo);
      return done;
    },

    async keep(repo, commit, bundle) {
      const digest = sha256Of(bundle);
      await records.create(bundleKey(repo, commit, digest), bundle);
      return digest;
    },

    async pin(repo, { ref, kind, commit }, act) {
      const pinned = await journal.append(repo, { type: 'pin', ref, refKind: kind, commit }, act, (state) => {
        const current = state.pins.get(ref);
        return state.commits.get(commit)?.status === 'approved' && current?.commit !== commit;
      });
      if (pinned) return true;
      const state = await journal.state(repo);
      return state.pins.get(ref)?.commit === commit && state.commits.get(commit)?.status === 'approved';
    },
  };
}

function actOf({ approver, policyDigest }: ReleaseDraft): { by: string; reason: string } {
  if (approver.type === 'person') return { by: approver.name, reason: approver.reason };
  return { by: 'policy', reason: `policy ${policyDigest} was met` };
}
