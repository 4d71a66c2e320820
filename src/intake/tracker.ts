// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '#src/domain/clock.ts';
import type { Repo } from '#src/domain/repo.ts';
import type { CommitSha, Ref } from '#src/domain/revision.ts';
import type { Progress, Stage } from './progress.ts';

/** What a running intake writes its progress to. */
export interface Tracker {
  snapshot(): Progress;
  commit(commit: CommitSha): void;
  stage(stage: Stage): void;
  total(files: number, bytes: number): void;
  /** Bytes of one file so far; may go back when a file is started again. */
  bytes(content: string, count: number): void;
  /** A file is whole and checked; saying so twice counts once. */
  fileDone(content: string): void;
}

export function createTracker(clock: Clock, repo: Repo, ref: Ref | undefined): Tracker {
  const startedAt = clock.now().toISOString();
  const perFile = new Map<string, number>();
  let progress: Progress = {
    repo,
    ...(ref === undefined ? {} : { ref }),
    stage: 'queued',
    bytesDone: 0,
    bytesTotal: 0,
    filesDone: 0,
    filesTotal: 0,
    fetchSeconds: 0,
    startedAt,
  };
  const done = new Set<string>();
  let fetchStart = 0;
  const set = (change: Partial<Progress>) => {
    progress = { ...progress, ...change };
  };
  return {
    snapshot: () => progress,
    commit: (commit) => set({ commit }),
    stage: (stage) => set({ stage }),
    total: (filesTotal, bytesTotal) => set({ filesTotal, bytesTotal }),
    bytes(content, count) {
      const before = perFile.get(content) ?? 0;
      perFile.set(content, count);
      const now = clock.now().getTime();
      fetchStart ||= now;
      set({ bytesDone: progress.bytesDone + count - before, fetchSeconds: (now - fetchStart) / 1000 });
    },
    fileDone: (content) => set({ filesDone: done.add(content).size }),
  };
}
