// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, opendir, readlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Sha256 } from '#src/domain/digest.ts';
import { messageOf } from '#src/domain/errors.ts';

/** Something in a folder. Only `file` can be opened, only `folder` entered; a link is what it says, never where it leads. */
export interface Entry {
  readonly name: string;
  readonly path: string;
  readonly type: 'file' | 'folder' | 'link' | 'other';
}

export interface TreeLimits {
  readonly entries: number;
  readonly depth: number;
}

const LIMITS: TreeLimits = { entries: 20_000_000, depth: 200 };

/**
 * A folder that may hold anything: whoever could write to it may have put links, loops and a million files there. What
 * can not be read is told as a problem, and the rest is read.
 */
export class Tree {
  readonly #limits: TreeLimits;
  readonly #problem: (path: string, what: string) => void;
  #seen = 0;

  constructor(problem: (path: string, what: string) => void, limits: Partial<TreeLimits> = {}) {
    this.#problem = problem;
    this.#limits = { ...LIMITS, ...limits };
  }

  /** What a person has to look at. */
  tell(path: string, what: string): void {
    this.#problem(path, what);
  }

  /** What is in a folder, in no order. Nothing for what is no folder, or is a link to one. */
  async *entries(folder: string): AsyncGenerator<Entry> {
    if (!(await this.isFolder(folder))) return;
    try {
      for await (const entry of await opendir(folder)) {
        this.#seen += 1;
        if (this.#seen === this.#limits.entries + 1)
          this.#problem(
            folder,
            `has more than ${this.#limits.entries} entries with all before it: the rest was not read`,
          );
        if (this.#seen > this.#limits.entries) return;
        const type = entry.isFile() ? 'file' : entry.isDirectory() ? 'folder' : 'link';
        yield {
          name: entry.name,
          path: join(folder, entry.name),
          type: entry.isSymbolicLink() || type !== 'link' ? type : 'other',
        };
      }
    } catch (error) {
      this.#problem(folder, messageOf(error));
    }
  }

  /** Every file and link below a folder, with its path from there. */
  async *below(folder: string, prefix = '', depth = 0): AsyncGenerator<Entry & { readonly from: string }> {
    for await (const entry of this.entries(folder)) {
      const from = `${prefix}${entry.name}`;
      if (entry.type === 'folder') {
        if (this.tooDeep(entry.path, depth + 1)) continue;
        yield* this.below(entry.path, `${from}/`, depth + 1);
      } else yield { ...entry, from };
    }
  }

  tooDeep(folder: string, depth: number): boolean {
    if (depth <= this.#limits.depth) return false;
    this.#problem(folder, `is more than ${this.#limits.depth} folders deep and was not read`);
    return true;
  }

  async isFolder(path: string): Promise<boolean> {
    return (await this.#stat(path))?.isDirectory() ?? false;
  }

  /** Size of a file; undefined for what is none. */
  async size(path: string): Promise<number | undefined> {
    const stats = await this.#stat(path);
    return stats?.isFile() ? stats.size : undefined;
  }

  /** When a file was last written, in seconds; undefined for what is none. */
  async modified(path: string): Promise<number | undefined> {
    const stats = await this.#stat(path);
    return stats?.isFile() ? stats.mtimeMs / 1000 : undefined;
  }

  /** Where a link says that it leads; the name alone is read, nothing there is touched. */
  async target(link: string): Promise<string | undefined> {
    try {
      return resolve(link, '..', await readlink(link));
    } catch (error) {
      this.#problem(link, messageOf(error));
      return undefined;
    }
  }

  /** The beginning of a small file as text. */
  async text(path: string, length: number): Promise<string | undefined> {
    return this.#opened(path, async (file) => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
      return buffer.subarray(0, bytesRead).toString();
    });
  }

  async sha256(path: string): Promise<Sha256 | undefined> {
    return this.#opened(path, async (file) => {
      const hash = createHash('sha256');
      for await (const chunk of file.createReadStream({ autoClose: false, highWaterMark: 1 << 20 })) hash.update(chunk);
      return hash.digest('hex') as Sha256;
    });
  }

  async #opened<T>(path: string, read: (file: FileHandle) => Promise<T>): Promise<T | undefined> {
    try {
      // No link is followed, and no pipe waited for, whatever took the file's place meanwhile.
      const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
      try {
        if (!(await file.stat()).isFile()) throw new Error('is no regular file');
        return await read(file);
      } finally {
        await file.close();
      }
    } catch (error) {
      this.#problem(path, messageOf(error));
      return undefined;
    }
  }

  async #stat(path: string): Promise<Stats | undefined> {
    return lstat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') this.#problem(path, messageOf(error));
      return undefined;
    });
  }
}
