// SPDX-License-Identifier: Apache-2.0

/** The code of an error of Node (`ENOENT`), of S3 (`NoSuchKey`) or of ours; undefined where it has none. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
