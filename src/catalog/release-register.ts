// SPDX-License-Identifier: Apache-2.0
import { isAirlockError } from '#src/domain/errors.ts';
import { REPO_KINDS, type Repo, repoKey } from '#src/domain/repo.ts';
import type { CommitSha } from '#src/domain/revision.ts';
import type { Index } from '#src/index/index.ts';
import type { Catalog } from './catalog.ts';

/**
 * Keeps `index.releaseParts` in step with the signed statements, so that "which releases hold this blob" and "which
 * derive from this model" can be answered. Who asks calls {@link catchUp} first: another replica may have published.
 */
export interface ReleaseRegister {
  /** A repo has a new release. Noted in the background: the release itself does not wait for it. */
  note(repo: Repo): void;
  /**
   * Read what is not noted yet. `afresh`: forget all, and read every statement again.
   * @throws AirlockError store-unavailable; what `signal` was aborted with
   */
  catchUp(options?: { readonly signal?: AbortSignal; readonly afresh?: boolean }): Promise<void>;
  /** Ends what runs in the background. A crash costs the same: the next start goes on. */
  stop(): Promise<void>;
}

export interface ReleaseRegisterDeps {
  readonly catalog: Pick<Catalog, 'journals' | 'state' | 'statement'>;
  readonly index: Pick<Index, 'releaseParts'>;
  readonly log: { warn(details: object, text: string): void };
}

export function createReleaseRegister({ catalog, index, log }: ReleaseRegisterDeps): ReleaseRegister {
  const { releaseParts } = index;
  const stopping = new AbortController();
  let last: Promise<unknown> = Promise.resolve();

  /** One after another: two that read the same statements would do the work twice. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    const done = last.then(() => {
      stopping.signal.throwIfAborted();
      return work();
    });
    last = done.catch(() => undefined);
    return done;
  }

  async function read(repo: Repo, signal: AbortSignal | undefined): Promise<void> {
    const { seq, commits } = await catalog.state(repo);
    const noted = await releaseParts.noted(repo);
    let whole = true;
    for (const [commit, { statement }] of commits) {
      if (statement === undefined || noted.get(commit) === statement) continue;
      stopping.signal.throwIfAborted();
      signal?.throwIfAborted();
      const release = await statementOf(repo, commit);
      if (release) {
        const { files, lineage: bases = [] } = release;
        await releaseParts.put({ repo, commit, statement, blobs: files.map(({ sha256 }) => sha256), bases });
      } else whole = false;
    }
    if (whole) await releaseParts.setSeq(repo, seq);
  }

  /** A record that is damaged is served to nobody, and says nothing here; the next pass looks at it again. */
  async function statementOf(repo: Repo, commit: CommitSha) {
    try {
      return await catalog.statement(repo, commit);
    } catch (error) {
      if (!isAirlockError(error, 'record-invalid', 'signature-invalid')) throw error;
      log.warn({ repo: repoKey(repo), commit, err: error }, 'a release could not be noted');
      return undefined;
    }
  }

  async function readAll(signal: AbortSignal | undefined, afresh: boolean): Promise<void> {
    if (afresh) await releaseParts.clear();
    for (const kind of REPO_KINDS) {
      const seqs = await releaseParts.seqs(kind);
      for await (const { repo, seq } of catalog.journals(kind)) if (seqs.get(repo.id) !== seq) await read(repo, signal);
    }
  }

  return {
    note(repo) {
      inTurn(() => read(repo, undefined)).catch((error: unknown) => {
        if (!stopping.signal.aborted)
          log.warn({ repo: repoKey(repo), err: error }, 'a release is noted later: at the next start, or when asked');
      });
    },
    catchUp: ({ signal, afresh = false } = {}) => inTurn(() => readAll(signal, afresh)),
    async stop() {
      stopping.abort();
      await last;
    },
  };
}
