// SPDX-License-Identifier: Apache-2.0
import type PQueue from 'p-queue';
import type { Catalog } from '#src/catalog/catalog.ts';
import type { Evaluations } from '#src/catalog/evaluations.ts';
import type { Journal } from '#src/catalog/journal.ts';
import type { Publisher } from '#src/catalog/publisher.ts';
import type { Clock } from '#src/domain/clock.ts';
import type { Approval } from '#src/domain/decision.ts';
import type { Source } from '#src/domain/manifest.ts';
import type { Repo } from '#src/domain/repo.ts';
import type { Ref } from '#src/domain/revision.ts';
import type { Revocations } from '#src/domain/revocations.ts';
import type { Index } from '#src/index/index.ts';
import type { EvaluationContext } from '#src/policy/evaluate.ts';
import type { Limits, PolicyRules, SourceRule } from '#src/policy/rules.ts';
import type { Scanner } from '#src/scan/scanner.ts';
import type { BaseCards } from './base-cards.ts';
import type { FetchDeps } from './fetch-all.ts';

export interface RunDeps extends FetchDeps {
  readonly catalog: Pick<Catalog, 'find' | 'statement'>;
  readonly baseCards: BaseCards;
  readonly evaluations: Pick<Evaluations, 'of'>;
  readonly scanner: Scanner;
  readonly publisher: Publisher;
  readonly journal: Journal;
  readonly index: Index;
  readonly clock: Clock;
  readonly rules: PolicyRules;
  readonly limits: Limits;
  /**
   * Where runs take turns: one queue for the gates, which are a few questions, and one for pulling and scanning, which
   * may take hours. Left out: every run goes on at once.
   */
  readonly turns?: { readonly gates: PQueue; readonly bulk: PQueue };
}

/** One commit to bring in. `repo` is the name that was asked for; upstream's own name is in the source. */
export interface Job {
  readonly repo: Repo;
  readonly ref?: Ref;
  readonly source: Source;
  readonly rule: SourceRule;
  readonly approval?: Approval;
  /** Of code that people approved for other commits of the repo. */
  readonly codeApprovals: ReadonlyMap<string, string>;
  /** As they stood when it began; what is revoked later the catalog refuses. */
  readonly revocations: Revocations;
}

/** What policy decides by, besides the evidence. */
export function contextOf(deps: RunDeps, job: Job): EvaluationContext {
  const { limits, scanner } = deps;
  const { rule, approval, codeApprovals, repo, source, revocations } = job;
  const revoked = { names: [repo, source.repo], revocations };
  return { revoked, rule, limits, approval, codeApprovals, rulesVersion: scanner.rulesVersion };
}
