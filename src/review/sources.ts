// SPDX-License-Identifier: Apache-2.0
import type { Rulings } from '#src/catalog/rulings.ts';
import { endsBy, type RulingsState } from '#src/catalog/rulings-state.ts';
import type { Clock } from '#src/domain/clock.ts';
import { AirlockError } from '#src/domain/errors.ts';
import { parseRepo, REPO_KINDS, type RepoKind, repoIdProblem } from '#src/domain/repo.ts';
import type { SourceTerms } from '#src/domain/ruling.ts';
import type { SourceRule } from '#src/policy/rules.ts';
import { matchSource } from '#src/policy/sources.ts';
import type { ActOf } from './review.ts';

/** The terms on which a source comes in. What is left out is as the configuration has it. */
export interface AskedTerms {
  /** `org/name` or `org/*`. */
  readonly match: string;
  /** Left out: all that the configuration knows for it. */
  readonly kind?: RepoKind | undefined;
  readonly mode: SourceTerms['mode'];
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  readonly gated?: SourceTerms['gated'] | undefined;
  readonly expiresAt?: string | undefined;
}

/** An entry of the configuration; with a ruling's number, who made it and why, one of those. */
export type ListedSource = SourceRule & {
  readonly at?: string;
  readonly by?: string;
  readonly expiresAt?: string | null;
};

/** What people decide about where models may come from, while the mirror runs: signed rulings. */
export interface SourceActs {
  /** Rulings that stand, the newest first, then the entries of the configuration in their order. */
  list(): Promise<ListedSource[]>;
  /**
   * Rule on a source; earlier rulings on the same pattern end. The number of the ruling.
   * @throws AirlockError conflict where the configuration denies it, or has no entry for it; bad-request
   */
  rule(terms: AskedTerms, act: ActOf): Promise<number>;
  /** End a ruling on a source: the configuration holds again. @throws AirlockError conflict: it is none, or has ended */
  end(ruling: number, act: ActOf): Promise<void>;
}

export interface SourceActsDeps {
  readonly sources: readonly SourceRule[];
  readonly rulings: Pick<Rulings, 'state' | 'append'>;
  readonly clock: Clock;
}

export function createSourceActs({ sources, rulings, clock }: SourceActsDeps): SourceActs {
  async function end(ruling: number, act: ActOf): Promise<boolean> {
    const type = endsBy((await rulings.state()).standing.get(ruling)?.event);
    if (type === undefined) return false;
    const done = await rulings.append({ type, ruling }, act, (state) => isSource(state, ruling));
    return done !== undefined;
  }

  return {
    async list() {
      const ruled = [...(await rulings.state()).standing.values()].flatMap(({ number, at, by, reason, event }) => {
        if (event.type !== 'source') return [];
        const { type: _, ...terms } = event;
        return [{ ...terms, ruling: number, at, by, reason }];
      });
      return [...ruled.reverse(), ...sources];
    },

    async rule(asked, act) {
      checkPattern(asked.match);
      if (asked.expiresAt !== undefined && !(Date.parse(asked.expiresAt) > clock.now().getTime()))
        throw new AirlockError('bad-request', 'expiresAt: a time that has not passed is expected.');
      const configured = configuredFor(sources, asked);
      const { match, mode, include, exclude, gated, expiresAt } = asked;
      const terms: SourceTerms = {
        ...{ match, mode },
        kinds: asked.kind === undefined ? configured.kinds : [asked.kind],
        include: include ?? configured.include,
        exclude: exclude ?? configured.exclude,
        gated: gated ?? configured.gated,
        expiresAt: expiresAt ?? null,
      };
      const number = await rulings.append({ type: 'source', ...terms }, act, () => true);
      if (number === undefined) throw new AirlockError('internal', 'A ruling was not written.');
      // A crash before this leaves the earlier ones: a denial among them still wins, and the act can be repeated.
      for (const earlier of earlierOf(await rulings.state(), terms, number))
        await end(earlier, { by: act.by, reason: `ruling ${number} takes its place` });
      return number;
    },

    async end(ruling, act) {
      if (!(await end(ruling, act)))
        throw new AirlockError('conflict', `Ruling ${ruling} is no ruling on a source, or has ended.`, { ruling });
    },
  };
}

function isSource({ standing }: RulingsState, ruling: number): boolean {
  return standing.get(ruling)?.event.type === 'source';
}

/** Those on the same pattern, and on no other kinds. */
function earlierOf({ standing }: RulingsState, { match, kinds }: SourceTerms, number: number): number[] {
  return [...standing.values()].flatMap((ruling) => {
    const { event } = ruling;
    if (event.type !== 'source' || ruling.number >= number) return [];
    const same = event.match.toLowerCase() === match.toLowerCase() && event.kinds.every((kind) => kinds.includes(kind));
    return same ? [ruling.number] : [];
  });
}

function checkPattern(match: string): void {
  const [, org] = /^([^/*]+)\/\*$/.exec(match) ?? [];
  const problem = repoIdProblem(org === undefined ? match : `${org}/x`);
  if (problem) throw new AirlockError('bad-request', `"match" is org/name or org/*: ${problem}.`);
}

/** The entry that a ruling refines. One repo stands for a whole organisation: each repo is matched again when it is asked for. */
function configuredFor(sources: readonly SourceRule[], { match, kind }: AskedTerms): SourceRule {
  const id = match.replace(/\*$/, 'any-name');
  const kinds = kind === undefined ? REPO_KINDS : [kind];
  const found = kinds.map((one) => matchSource(sources, parseRepo(one, id))).find((rule) => rule !== undefined);
  if (!found)
    throw new AirlockError('conflict', `No entry of "sources" matches ${match}: write one with "mode: request" first.`);
  if (found.mode === 'deny')
    throw new AirlockError(
      'conflict',
      `The configuration denies the source "${found.match}", and no ruling opens it. Change its entry in "sources".`,
    );
  return found;
}
