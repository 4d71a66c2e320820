// SPDX-License-Identifier: Apache-2.0
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { AirlockError } from '#src/domain/errors.ts';

const WAIT_MS = 30_000;
const SQLITE_BUSY = 5;

/**
 * One writer at a time, among the callers in this process and among processes. Node has no flock(2), and a lock file
 * made with O_EXCL outlives the process that is killed while holding it, after which somebody has to guess whether it
 * is stale. So the lock is SQLite's write lock on a database that stays empty: the kernel drops it with the process,
 * and a crash leaves an unlocked file of no bytes. (On NFS it is as good as that server's fcntl locks.)
 */
export class FolderLock {
  readonly #file: string;
  readonly #waitMs: number;
  #last: Promise<unknown> = Promise.resolve();

  constructor(file: string, options: { readonly waitMs?: number } = {}) {
    this.#file = file;
    this.#waitMs = options.waitMs ?? WAIT_MS;
  }

  /** Run `work` while holding the lock. @throws AirlockError store-unavailable when it stays taken for 30 s */
  run<T>(work: () => Promise<T>): Promise<T> {
    // First a queue inside the process, so that its callers take turns and do not poll against each other.
    const turn = this.#last.then(() => this.#hold(work));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #hold<T>(work: () => Promise<T>): Promise<T> {
    const database = new DatabaseSync(this.#file, { timeout: 0 });
    try {
      await this.#take(database);
      return await work();
    } finally {
      // Closing rolls the empty transaction back, and with it the lock is free.
      database.close();
    }
  }

  async #take(database: DatabaseSync): Promise<void> {
    const deadline = performance.now() + this.#waitMs;
    for (;;) {
      try {
        database.exec('BEGIN IMMEDIATE');
        return;
      } catch (error) {
        if (!isBusy(error)) throw error;
        if (performance.now() > deadline)
          throw new AirlockError('store-unavailable', `Another process holds ${this.#file} for too long.`, {}, error);
      }
      // SQLite's own waiting would block the event loop. Uneven, so that two processes do not meet again and again.
      await wait(2 + Math.random() * 18);
    }
  }
}

function isBusy(error: unknown): boolean {
  // The low byte is the code, the rest tells apart why.
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === SQLITE_BUSY;
}
