// SPDX-License-Identifier: Apache-2.0
import type { Approval, Decision } from '#src/domain/decision.ts';
import type { Finding, LicenseEvidence, ScannedFile, Verdict } from '#src/domain/evidence.ts';

/** What the index keeps of a decision: enough to refuse again, and to show a reviewer why. */
export interface StoredDecision {
  readonly decision: Decision;
  /** The repo's id upstream, which is another where it was renamed. */
  readonly upstreamId: string;
  readonly license?: LicenseEvidence;
  /** Time of the approval that was taken into account; a later one makes the decision stale. */
  readonly approvalAt?: string;
  /** Files with anything to say, or all that were scanned and did not pass. */
  readonly files: readonly {
    readonly path: string;
    readonly verdict: Verdict;
    readonly findings: readonly Finding[];
  }[];
}

const MAX_FINDINGS_PER_FILE = 50;

export function storedDecision(
  decision: Decision,
  upstreamId: string,
  approval: Approval | undefined,
  license: LicenseEvidence | undefined,
  files: readonly ScannedFile[],
): StoredDecision {
  return {
    decision,
    upstreamId,
    ...(license === undefined ? {} : { license }),
    ...(approval === undefined ? {} : { approvalAt: approval.at }),
    files: files
      .filter(({ scan }) => scan.verdict !== 'pass' || scan.findings.length > 0)
      .map(({ path, scan }) => ({
        path,
        verdict: scan.verdict,
        findings: scan.findings.slice(0, MAX_FINDINGS_PER_FILE),
      })),
  };
}
