// SPDX-License-Identifier: Apache-2.0
import type { ReleaseStatement } from '#src/attest/release-statement.ts';
import type { Revocable } from '#src/domain/revocations.ts';

/** What of a signed release a revocation can speak of. */
export function revocableOf({ repo, upstream, files, reasons }: ReleaseStatement): Revocable {
  return {
    names: [repo, upstream.repo],
    digests: files.map(({ sha256 }) => sha256),
    rules: [...new Set(reasons.flatMap(({ rule, findings = [] }) => [rule, ...findings]))],
    codes: reasons.flatMap(({ digest }) => digest ?? []),
  };
}
