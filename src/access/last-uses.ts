// SPDX-License-Identifier: Apache-2.0

const EVERY_MILLISECONDS = 60_000;

export interface LastUsesOptions {
  readonly write: (uses: ReadonlyMap<string, string>) => Promise<void>;
  /** What could not be written is kept, and tried again after the next use. */
  readonly onError: (error: unknown) => void;
  readonly everyMilliseconds?: number;
}

/**
 * When tokens were last used: noted in memory, written at most once a minute for all of them together, because serving
 * must not wait for a disk. A process that is killed loses what it has not written.
 */
export interface LastUses {
  note(id: string, at: Date): void;
  /** Of this process, and not written yet. */
  pending(id: string): string | undefined;
  /** Write what is left. */
  stop(): Promise<void>;
}

export function createLastUses(options: LastUsesOptions): LastUses {
  const { write, onError, everyMilliseconds = EVERY_MILLISECONDS } = options;
  let uses = new Map<string, Date>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  async function flush(): Promise<void> {
    const taken = uses;
    uses = new Map();
    if (taken.size === 0) return;
    try {
      await write(new Map([...taken].map(([id, at]) => [id, at.toISOString()])));
    } catch (error) {
      for (const [id, at] of taken) if (!uses.has(id)) uses.set(id, at);
      onError(error);
    }
  }
  function begin(): void {
    timer = undefined;
    writing = writing.then(flush);
  }

  return {
    note: (id, at) => {
      uses.set(id, at);
      timer ??= setTimeout(begin, everyMilliseconds).unref();
    },
    pending: (id) => uses.get(id)?.toISOString(),
    stop: async () => {
      clearTimeout(timer);
      begin();
      await writing;
    },
  };
}
