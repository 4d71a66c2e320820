// SPDX-License-Identifier: Apache-2.0
import type { Requester } from '#src/access/requester.ts';
import type { AskedRow } from '#src/index/case-requesters.ts';

export interface AskedCountsOptions {
  readonly write: (rows: readonly AskedRow[]) => Promise<void>;
  readonly onError: (error: unknown) => void;
  readonly maxRows: number;
  /** Who stands for those that there is no room for. */
  readonly others: string;
  readonly everyMilliseconds?: number;
}

/**
 * Who asks for what, counted in memory and written for all of them together, because a refusal must not wait for a disk.
 * A process that is killed loses the counts of its last seconds, and nothing else.
 */
export interface AskedCounts {
  note(caseId: number, requester: Requester, at: Date): void;
  /** Write what there is. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

const EVERY_MILLISECONDS = 10_000;
/** Of one case in one batch: strangers have many addresses. */
const NAMED_OF_ONE = 50;

export function createAskedCounts(options: AskedCountsOptions): AskedCounts {
  const { write, onError, maxRows, others, everyMilliseconds = EVERY_MILLISECONDS } = options;
  let counts = new Map<number, Map<string, AskedRow>>();
  let rows = 0;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  async function writeAll(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const taken = [...counts.values()].flatMap((ofOne) => [...ofOne.values()]);
    counts = new Map();
    rows = 0;
    // Counts that can not be written are lost: they are worth no memory that grows while a disk is away.
    if (taken.length > 0) await write(taken).catch(onError);
  }
  function flush(): Promise<void> {
    writing = writing.then(writeAll);
    return writing;
  }

  return {
    note(caseId, requester, at) {
      const ofOne = counts.get(caseId) ?? new Map<string, AskedRow>();
      counts.set(caseId, ofOne);
      const named = ofOne.has(requester.who) || ofOne.size < NAMED_OF_ONE;
      const { who, name } = named ? requester : { who: others, name: others };
      const before = ofOne.get(who);
      const lastAt = at.toISOString();
      if (!before) rows += 1;
      const firstAt = before?.firstAt ?? lastAt;
      ofOne.set(who, { caseId, who, name, times: (before?.times ?? 0) + 1, firstAt, lastAt });
      if (rows >= maxRows) void flush();
      else timer ??= setTimeout(() => void flush(), everyMilliseconds).unref();
    },
    flush,
    stop: flush,
  };
}
