// SPDX-License-Identifier: Apache-2.0
import type { Approval, Decision } from '#src/domain/decision.ts';
import type { Finding, LicenseEvidence, ScannedFile, Verdict } from '#src/domain/evidence.ts';

/** What the index keeps of a decision: enough to refuse again, and to show a reviewer why. */
export interface StoredDecision {
  readonly decision: Decision;
  /** The repo's id upstream, which is another where it was renamed. */
  readonly upstreamId: string;
  /** Of the upstreams that were configured; a refusal that was made under others may not hold any more. */
  readonly upstreams?: string;
  readonly license?: LicenseEvidence;
  /** Time of the approval that was taken into account; a later one makes the decision stale. */
  readonly approvalAt?: string;
  /** Files with anything to say, or all that were scanned and did not pass. */
  readonly files: readonly {
    readonly path: string;
    readonly verdict: Verdict;
    readonly findings: readonly Finding[];
  }[];
  /** How many findings there were beyond those kept; not there when all were. */
  readonly findingsLeftOff?: number;
}

// A snapshot may have ten thousand files with fifty findings each, and every list of decisions reads the whole row.
const MAX_FINDINGS_PER_FILE = 50;
const MAX_FINDINGS = 500;
const MAX_FINDING_CHARACTERS = 256 * 1024;

export function storedDecision(
  decision: Decision,
  upstreamId: string,
  approval: Approval | undefined,
  license: LicenseEvidence | undefined,
  files: readonly ScannedFile[],
): StoredDecision {
  const said = files.filter(({ scan }) => scan.verdict !== 'pass' || scan.findings.length > 0);
  const keep = keeper();
  const kept = said.map(({ path, scan }) => ({ path, verdict: scan.verdict, findings: keep(scan.findings) }));
  const total = said.reduce((sum, { scan }) => sum + scan.findings.length, 0);
  const left = total - kept.reduce((sum, { findings }) => sum + findings.length, 0);
  return {
    decision,
    upstreamId,
    ...(license === undefined ? {} : { license }),
    ...(approval === undefined ? {} : { approvalAt: approval.at }),
    files: kept,
    ...(left === 0 ? {} : { findingsLeftOff: left }),
  };
}

/** Takes the findings of one file after another, until there are too many or they are too long. */
function keeper(): (findings: readonly Finding[]) => Finding[] {
  let count = 0;
  let characters = 0;
  return (findings) =>
    findings.slice(0, MAX_FINDINGS_PER_FILE).filter((finding) => {
      const length = JSON.stringify(finding).length;
      if (count >= MAX_FINDINGS || characters + length > MAX_FINDING_CHARACTERS) return false;
      count += 1;
      characters += length;
      return true;
    });
}
