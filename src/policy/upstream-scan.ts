// SPDX-License-Identifier: Apache-2.0
import type { Reason } from '#src/domain/decision.ts';
import type { Source, UpstreamIssue } from '#src/domain/manifest.ts';
import type { RepoPath } from '#src/domain/path.ts';
import { printable } from '#src/domain/repo.ts';
import { reasonOf } from './reason.ts';
import type { UpstreamScanRules } from './rules.ts';

interface Named {
  readonly path: RepoPath;
}

/**
 * What upstream's own scanners say against files. It can only make a decision worse: that upstream finds a file safe, or
 * has not looked, means nothing. Known with the listing, so a denial costs no download.
 */
export function upstreamDenials(source: Source, files: readonly Named[], rules: UpstreamScanRules): Reason[] {
  return judgeIssues(source, files, rules).filter(({ effect }) => effect === 'deny');
}

/** The rest of it, of the files that are to be served: a file that is withheld harms nobody. */
export function upstreamDoubts(
  source: Source,
  files: readonly Named[],
  withheld: readonly Named[],
  rules: UpstreamScanRules,
): Reason[] {
  const left = new Set(withheld.map(({ path }) => path));
  const served = files.filter(({ path }) => !left.has(path));
  return judgeIssues(source, served, rules).filter(({ effect }) => effect !== 'deny');
}

function judgeIssues({ issues = [] }: Source, files: readonly Named[], rules: UpstreamScanRules): Reason[] {
  const paths = new Set(files.map(({ path }) => path));
  return issues.filter(({ path }) => paths.has(path)).map((issue) => reasonOfIssue(issue, rules));
}

function reasonOfIssue({ path, level }: UpstreamIssue, rules: UpstreamScanRules): Reason {
  const known = level === 'unsafe' || level === 'suspicious' ? rules[level] : 'note';
  return reasonOf('upstream-unsafe', known, `upstream calls ${printable(path)} ${printable(level)}`, path);
}
