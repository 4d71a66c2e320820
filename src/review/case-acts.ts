// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '#src/domain/clock.ts';
import { AirlockError } from '#src/domain/errors.ts';
import { parseRepo } from '#src/domain/repo.ts';
import type { Index } from '#src/index/index.ts';
import type { CaseRow } from '#src/index/schema.ts';
import type { Cases } from './cases.ts';
import type { ActOf, Review } from './review.ts';
import type { AskedTerms, SourceActs } from './sources.ts';

/** The terms of a yes to a source: what is left out is as configured, for the one repo that was asked for. */
export type CaseTerms = Omit<AskedTerms, 'match' | 'mode' | 'kind'> & {
  readonly match?: string | undefined;
  readonly mode?: 'auto' | 'review' | undefined;
};

/** What people do about a case. What decides is signed; the rest is kept beside the case. */
export interface CaseActs {
  /** Let the source of a case in. The number of the ruling. @throws AirlockError conflict as {@link SourceActs.rule} */
  approveSource(id: number, terms: CaseTerms, act: ActOf): Promise<number>;
  /** Say no: to the commit, or to the repo as a source. @throws AirlockError conflict: it has ended */
  reject(id: number, act: ActOf): Promise<CaseRow>;
  /** @throws AirlockError conflict: it has as many as a case may have */
  comment(id: number, by: string, text: string): Promise<void>;
  /** @throws AirlockError conflict: it has ended */
  assign(id: number, by: string, assignee: string | null): Promise<CaseRow>;
  /** The case, which must be open. @throws AirlockError conflict, upstream-entry-not-found */
  open(id: number): Promise<CaseRow>;
}

export interface CaseActsDeps {
  readonly cases: Pick<Cases, 'get'>;
  readonly review: Pick<Review, 'reject'>;
  readonly sourceActs: SourceActs;
  readonly index: Pick<Index, 'cases' | 'caseNotes'>;
  readonly clock: Clock;
}

export function createCaseActs({ cases, review, sourceActs, index, clock }: CaseActsDeps): CaseActs {
  async function open(id: number): Promise<CaseRow> {
    const row = await cases.get(id);
    if (row.state !== 'open')
      throw new AirlockError('conflict', `Case ${id} is ${row.state} already, by ${row.endedBy}: ${row.endedReason}.`);
    return row;
  }

  async function note(caseId: number, by: string, act: string, text: string): Promise<string> {
    const at = clock.now().toISOString();
    if (!(await index.caseNotes.add({ caseId, at, by, act, text })))
      throw new AirlockError('conflict', `Case ${caseId} has as many notes as a case may have.`, { case: caseId });
    return at;
  }

  return {
    open,

    async approveSource(id, { match, mode = 'auto', ...terms }, act) {
      const row = await open(id);
      const pattern = match ?? row.repo;
      if (!isAbout(pattern.toLowerCase(), row.repo.toLowerCase()))
        throw new AirlockError(
          'bad-request',
          `"match" is ${row.repo}, or a pattern that it fits: case ${id} is about it.`,
        );
      const number = await sourceActs.rule({ match: pattern, kind: row.kind, mode, ...terms }, act);
      // Reading it ends it: the ruling says how.
      await cases.get(id);
      return number;
    },

    async reject(id, act) {
      const row = await open(id);
      const repo = parseRepo(row.kind, row.repo);
      if (row.commit !== null) await review.reject(repo, { type: 'commit', commit: row.commit }, act);
      else await sourceActs.rule({ match: row.repo, kind: row.kind, mode: 'deny' }, act);
      return cases.get(id);
    },

    async comment(id, by, text) {
      await cases.get(id);
      const updatedAt = await note(id, by, 'comment', text);
      await index.cases.change(id, { updatedAt });
    },

    async assign(id, by, assignee) {
      await open(id);
      const updatedAt = await note(id, by, 'assign', assignee ?? 'nobody');
      return (await index.cases.change(id, { assignee, updatedAt })) ?? (await open(id));
    },
  };
}

/** `org/name` and `org/*` are all that a ruling may be about. */
function isAbout(pattern: string, repo: string): boolean {
  return pattern === repo || (pattern.endsWith('/*') && repo.startsWith(pattern.slice(0, -1)));
}
