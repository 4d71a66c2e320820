// SPDX-License-Identifier: Apache-2.0

/** What a request was for. `cdn` is the other host that LFS files redirect to. */
export type RequestClass =
  | 'info'
  | 'tree'
  | 'refs'
  | 'commits'
  | 'paths-info'
  | 'resolve'
  | 'resolve-cache'
  | 'cdn'
  | 'other';

export interface LoggedRequest {
  readonly class: RequestClass;
  readonly method: string;
  readonly url: string;
  readonly repo?: string | undefined;
  readonly path?: string | undefined;
  readonly range?: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** What the hub saw and sent since it started or since {@link Stats.reset}. */
export class Stats {
  log: LoggedRequest[] = [];
  /** Body bytes of files handed to the socket, by `org/name/path`, from both hosts. */
  readonly bytes = new Map<string, number>();
  /** Bearer tokens the hub host received. */
  readonly tokens = new Set<string>();
  /** Things no client of the live hub may do, such as sending a token to the CDN. A test ends by expecting none. */
  readonly violations: string[] = [];

  get requests(): number {
    return this.log.length;
  }

  count(...classes: RequestClass[]): number {
    return this.log.filter((row) => classes.includes(row.class)).length;
  }

  /** Bytes sent of one file, or of all files of a repo (`org/name`). */
  sent(name: string): number {
    let sum = 0;
    for (const [key, bytes] of this.bytes) if (key === name || key.startsWith(`${name}/`)) sum += bytes;
    return sum;
  }

  add(name: string, bytes: number): void {
    this.bytes.set(name, (this.bytes.get(name) ?? 0) + bytes);
  }

  reset(): void {
    this.log = [];
    this.bytes.clear();
    this.tokens.clear();
  }

  toJSON(): unknown {
    const classes: Record<string, number> = {};
    for (const row of this.log) classes[row.class] = (classes[row.class] ?? 0) + 1;
    return {
      requests: this.requests,
      classes,
      bytes: Object.fromEntries(this.bytes),
      tokens: [...this.tokens],
      violations: this.violations,
    };
  }
}
