// SPDX-License-Identifier: Apache-2.0
import type { Notice } from '#src/attest/notice.ts';
import type { Signer } from '#src/attest/signer.ts';
import { signPayload, statementPayload } from '#src/attest/statement.ts';

const AT = '2026-03-01T12:00:00.000Z';

/** A notice about nothing, but for what a test says. */
export function noticeOf(parts: Partial<Notice>): Notice {
  return { at: AT, about: 'a test', revocations: [], releases: [], files: [], ...parts };
}

export function revocation(scope: Notice['revocations'][number]['scope'], reason = 'it steals keys') {
  return { scope, ruling: 7, by: 'ann', at: AT, reason };
}

/** Signed as anybody could who holds the key: also what the mirror would not sign. */
export function signed(signer: Signer, notice: unknown): Promise<Buffer> {
  const files = (notice as Notice).files.map(({ sha256 }) => ({ name: sha256, digest: { sha256 } }));
  return signPayload(
    signer,
    statementPayload('https://hub-airlock.dev/attestation/revocation-notice/v1', files, notice),
  );
}
