// SPDX-License-Identifier: Apache-2.0
import { type Approval, type Reason, reasonKey } from '#src/domain/decision.ts';
import type { Sha256 } from '#src/domain/digest.ts';
import type { BlobScan, CustomCode, ScannedFile } from '#src/domain/evidence.ts';
import { oneLine, reasonOf } from './reason.ts';
import type { PolicyRules } from './rules.ts';

/** What the scanner says of a file that is code, or names code. */
const SCANNER_RULE = 'custom-code';
const SHOWN = 8;

/**
 * The code that a repo brings along and its loaders run (`trust_remote_code`) is one question, not one a file: a person
 * approves these files in these places, named by one digest, and a later commit with the same code needs no new yes.
 */
export function judgeCustomCode(code: CustomCode | undefined, rules: PolicyRules): Reason[] {
  if (code === undefined || rules.customCode === 'withhold') return [];
  const files = code.files.slice(0, SHOWN).map((path) => oneLine(path, 60));
  const more = code.files.length > SHOWN ? ` and ${code.files.length - SHOWN} more` : '';
  const which = files.length === 0 ? 'code that is not part of this repo' : `${files.join(', ')}${more}`;
  const named = code.namedBy.slice(0, 3).map((path) => oneLine(path, 60));
  const message = `${named.join(', ')} asks its loader to run ${which} (code digest sha256:${code.digest})`;
  return [{ ...reasonOf('custom-code', rules.customCode, message), digest: code.digest }];
}

/**
 * The file without what that question already asks. With `withhold` the configuration is served, and the code is not: it
 * names files that are not there.
 */
export function withoutCustomCode(file: ScannedFile, code: CustomCode | undefined, rules: PolicyRules): ScannedFile {
  if (code === undefined) return file;
  const names = code.namedBy.includes(file.path) && !code.files.includes(file.path);
  const covered = rules.customCode === 'withhold' ? names : names || code.files.includes(file.path);
  if (!covered) return file;
  const scan = withoutRule(file.scan, SCANNER_RULE);
  // Whether text under such a name is inert has been answered: it is the code in question.
  return { ...file, scan: code.files.includes(file.path) ? { ...scan, format: 'custom-code' } : scan };
}

/** The scan without what this scanner rule wants a person to look at. */
export function withoutRule(scan: BlobScan, wanted: string): BlobScan {
  const findings = scan.findings.filter(({ rule, level }) => rule !== wanted || level !== 'review');
  if (findings.length === scan.findings.length || scan.verdict !== 'review') return { ...scan, findings };
  // Of a list that was cut nobody knows what else it held: a thousand of one kind must not hide the one of another.
  const open = findings.some(({ rule, level }) => level === 'review' || rule === 'more-findings');
  return { ...scan, findings, verdict: open ? 'review' : 'pass' };
}

/** Who approved which code of a repo: keys of reasons that name a digest, from every approval that still stands. */
export function codeApprovals(approvals: Iterable<Approval>): ReadonlyMap<string, string> {
  const keys = new Map<string, string>();
  for (const { accepts, by } of approvals)
    for (const key of accepts) if (key.startsWith(`${SCANNER_RULE}@`)) keys.set(key, by);
  return keys;
}

/** How a yes to code is recorded: `digest` in hex. */
export function codeKey(digest: Sha256): string {
  return `${SCANNER_RULE}@sha256:${digest}`;
}

/** Mark the code that somebody approved for another commit, or for every repo. */
export function applyCodeApprovals(reasons: readonly Reason[], approved: ReadonlyMap<string, string>): Reason[] {
  return reasons.map((reason) => {
    const by = reason.digest === undefined || reason.effect !== 'hold' ? undefined : approved.get(reasonKey(reason));
    return by === undefined || reason.accepted !== undefined ? reason : { ...reason, accepted: by };
  });
}
