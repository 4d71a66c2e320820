// SPDX-License-Identifier: Apache-2.0
import type { Catalog } from '#src/catalog/catalog.ts';
import type { Rulings } from '#src/catalog/rulings.ts';
import type { Announce } from '#src/domain/announcement.ts';
import type { Clock } from '#src/domain/clock.ts';
import { AirlockError } from '#src/domain/errors.ts';
import { isRevocation, type Revocation, Revocations, scopeText } from '#src/domain/revocations.ts';
import type { RevocationScope } from '#src/domain/ruling.ts';
import type { ActOf } from './review.ts';
import type { Moved, Rollback } from './rollback.ts';

/** Withdraw more than one commit: a repo, a content, a publisher, or whatever a rule found. */
export interface Revoking {
  /**
   * In force here when it returns, and on every replica within `catalog.refreshSeconds`. With `rollback` the branches
   * that pointed at what is revoked go back; it may be asked for again, where the first time was cut short.
   * @throws AirlockError conflict: it is revoked already, and no rollback is asked for
   */
  revoke(
    scope: RevocationScope,
    act: ActOf,
    options: { readonly rollback: boolean },
  ): Promise<{ readonly ruling: number; readonly moved: readonly Moved[] }>;
  /** End a revocation by its number. @throws AirlockError conflict: no such revocation stands */
  reinstate(ruling: number, act: ActOf): Promise<Revocation>;
  /** Those that stand, oldest first. */
  standing(): Promise<readonly Revocation[]>;
}

export interface RevokingDeps {
  readonly rulings: Rulings;
  readonly rollback: Rollback;
  readonly catalog: Pick<Catalog, 'repos'>;
  readonly clock: Clock;
  readonly announce: Announce;
}

export function createRevoking({ rulings, rollback, catalog, clock, announce }: RevokingDeps): Revoking {
  async function standing(): Promise<Revocation[]> {
    return [...(await rulings.state()).standing.values()].filter(isRevocation);
  }

  /** The ruling first: whatever is cut short after it, nothing that it stops is served. */
  async function record(scope: RevocationScope, act: ActOf): Promise<number | undefined> {
    const ruling = await rulings.append(
      { type: 'revocation', scope },
      act,
      (state) => new Revocations(state.standing.values()).of(scope) === undefined,
    );
    if (ruling === undefined) return undefined;
    const { by, reason } = act;
    const repo = scope.type === 'repo' ? { repo: scope.repo } : {};
    const at = clock.now().toISOString();
    announce({ type: 'revoked', at, subject: scopeText(scope), ...repo, ruling, by, reason });
    return ruling;
  }

  /** A repo that was asked for by this name may have others, so every repo is looked at. */
  async function rollBackAll(ruling: number, act: ActOf): Promise<Moved[]> {
    const moved: Moved[] = [];
    for await (const repo of catalog.repos())
      moved.push(...(await rollback.repair(repo, act, (revoked) => revoked.act.ruling === ruling)));
    return moved;
  }

  return {
    standing,

    async revoke(scope, act, options) {
      const made = await record(scope, act);
      const before = new Revocations(await standing()).of(scope);
      if (made === undefined && !options.rollback)
        throw new AirlockError('conflict', `${scopeText(scope)} is revoked already, by ruling ${before?.number}.`);
      const ruling = made ?? before?.number;
      if (ruling === undefined)
        throw new AirlockError('conflict', `${scopeText(scope)} was reinstated meanwhile. Run the same command again.`);
      return { ruling, moved: options.rollback ? await rollBackAll(ruling, act) : [] };
    },

    async reinstate(ruling, act) {
      const revocation = (await standing()).find(({ number }) => number === ruling);
      const ended =
        revocation &&
        (await rulings.append({ type: 'reinstatement', ruling }, act, (state) => state.standing.has(ruling)));
      if (!revocation || ended === undefined)
        throw new AirlockError('conflict', `Ruling ${ruling} is no revocation that stands.`);
      return revocation;
    },
  };
}
