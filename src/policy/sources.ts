// SPDX-License-Identifier: Apache-2.0
import type { Reason } from '#src/domain/decision.ts';
import type { ExcludedFile } from '#src/domain/evidence.ts';
import { globMatcher } from '#src/domain/glob.ts';
import type { Source, SourceFile } from '#src/domain/manifest.ts';
import { type Repo, repoName } from '#src/domain/repo.ts';
import { matchesRepo } from '#src/domain/repo-pattern.ts';
import { reasonOf } from './reason.ts';
import type { SourceRule } from './rules.ts';

/** The first source that matches decides; where none does, the repo is denied. */
export function matchSource<S extends SourceRule>(sources: readonly S[], repo: Repo): S | undefined {
  return sources.find(({ match, kinds }) => matchesRepo(match, kinds, repo));
}

export interface Selection {
  readonly selected: SourceFile[];
  readonly excluded: ExcludedFile[];
}

/** The files to pull: what one of `include` matches and none of `exclude`. The rest is listed with the cause. */
export function select(files: readonly SourceFile[], source: SourceRule): Selection {
  const includes = source.include.map(globMatcher);
  const excludes = source.exclude.map((pattern) => ({ pattern, matches: globMatcher(pattern) }));
  const selection: Selection = { selected: [], excluded: [] };
  for (const file of files) {
    const exclude = excludes.find(({ matches }) => matches(file.path));
    if (exclude) selection.excluded.push({ file, pattern: `exclude: ${exclude.pattern}` });
    else if (includes.some((matches) => matches(file.path))) selection.selected.push(file);
    else selection.excluded.push({ file, pattern: `include: ${source.include.join(', ')}` });
  }
  return selection;
}

/** The cheapest gate: it needs the configuration, and `gated` and `private` from upstream's answer about the repo. */
export function judgeSource(
  rule: SourceRule | undefined,
  source: Pick<Source, 'repo' | 'gated' | 'private' | 'upstream'>,
): Reason[] {
  const name = repoName(source.repo);
  if (!rule) return [reasonOf('source-unmatched', 'deny', `no source matches ${name}`)];
  const words = rule.reason ? `: ${rule.reason}` : '';
  const reasons: Reason[] = [];
  if (rule.mode === 'deny')
    reasons.push(reasonOf('source-denied', 'deny', `the source "${rule.match}" is denied${words}`));
  if (rule.mode === 'request')
    reasons.push(
      reasonOf(
        'source-request',
        'hold',
        `nothing of the source "${rule.match}" is brought in until a person approves ${name}${words}`,
      ),
    );
  if (rule.mode === 'review')
    reasons.push(
      reasonOf('source-review', 'hold', `a person reviews every commit from the source "${rule.match}"${words}`),
    );
  if ((source.gated || source.private) && rule.gated === 'hold')
    reasons.push(
      reasonOf(
        'source-restricted',
        'hold',
        `${name} is ${source.private ? 'private' : 'gated'} upstream, and the source "${rule.match}" does not open it`,
      ),
    );
  return [...reasons, ...judgeUpstream(rule, source)];
}

/** A name means the repo of one upstream: another one's under the same name is another repo. */
function judgeUpstream(
  { match, upstreams }: SourceRule,
  { repo, upstream }: Pick<Source, 'repo' | 'upstream'>,
): Reason[] {
  if (!upstream) return [];
  const { name, url, before } = upstream;
  const reasons: Reason[] = [];
  if (upstreams && !upstreams.includes(name))
    reasons.push(
      reasonOf('source-upstream', 'deny', `the source "${match}" does not take repos from the upstream "${name}"`),
    );
  if (before !== undefined)
    reasons.push(
      reasonOf('upstream-changed', 'hold', `${repoName(repo)} comes from ${url} now; its releases came from ${before}`),
    );
  return reasons;
}
