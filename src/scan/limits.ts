// SPDX-License-Identifier: Apache-2.0

/** What the child processes may use. Budgets of the bytes themselves are `scanners/budgets.ts`. */
export interface ScanLimits {
  /** Resident memory of one child process. */
  readonly memoryBytes: number;
  /** Time for one file. */
  readonly fileMilliseconds: number;
  /** One file's facts as JSON, which the server reads and checks in one go. */
  readonly factsBytes: number;
  /** How often the parent looks at a child's memory. */
  readonly watchMilliseconds: number;
  /** How long to wait before a file is read again whose process this machine ended or could not start. */
  readonly retryMilliseconds: number;
  /** Small files of one snapshot share a process, to spare its start: at most this many, of this size together. */
  readonly batchFiles: number;
  readonly batchBytes: number;
}

export const DEFAULT_LIMITS: ScanLimits = {
  memoryBytes: 512 * 1024 * 1024,
  fileMilliseconds: 600_000,
  factsBytes: 4 * 1024 * 1024,
  watchMilliseconds: 50,
  retryMilliseconds: 1000,
  batchFiles: 256,
  batchBytes: 64 * 1024 * 1024,
};
