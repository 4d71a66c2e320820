// SPDX-License-Identifier: Apache-2.0
import type { Verdict } from '#src/domain/evidence.ts';
import type { ReleaseFile } from '#src/domain/release.ts';

/** Our verdicts in the Hub's words. What is not `pass` is served because a person accepted it, or a policy does. */
const STATUS: Readonly<Record<Verdict, string>> = {
  pass: 'safe',
  review: 'suspicious',
  block: 'unsafe',
  unscannable: 'error',
};

/** Of a file in `tree` and `paths-info`. Python needs all three keys; no part of our verdict is another engine's. */
export interface FileSecurity {
  status: string;
  avScan: null;
  pickleImportScan: null;
}

export function fileSecurity({ verdict }: ReleaseFile): FileSecurity {
  return { status: STATUS[verdict], avScan: null, pickleImportScan: null };
}

/** Of a repo in `model_info(securityStatus=True)`: nothing is served before its scan has ended. */
export function repoSecurity(files: readonly ReleaseFile[]): {
  scansDone: true;
  filesWithIssues: { path: string; level: string }[];
} {
  const issues = files.filter(({ verdict }) => verdict !== 'pass');
  return { scansDone: true, filesWithIssues: issues.map(({ path, verdict }) => ({ path, level: STATUS[verdict] })) };
}
