// SPDX-License-Identifier: Apache-2.0
import { type RulingEntry, roleOf } from '#src/attest/ruling-entry.ts';
import type { Sha256 } from '#src/domain/digest.ts';
import type { Ruling, RulingEvent } from '#src/domain/ruling.ts';
import type { Chained } from './chain.ts';

/** What people decided for more than one commit, as the chain tells it. */
export interface RulingsState extends Chained {
  /** Those that no later one has ended, by number, oldest first. One whose time has come stands here, and its reader looks. */
  readonly standing: ReadonlyMap<number, Ruling>;
}

export const NO_RULINGS: RulingsState = { seq: 0, head: null, standing: new Map() };

export function replayRuling(state: RulingsState, entry: RulingEntry, digest: Sha256): RulingsState {
  const { seq, at, by, reason, event } = entry;
  const standing = new Map(state.standing);
  if (event.type !== 'reinstatement' && event.type !== 'end') standing.set(seq, { number: seq, at, by, reason, event });
  else if (endsBy(standing.get(event.ruling)?.event) === event.type) standing.delete(event.ruling);
  return { seq, head: digest, standing };
}

/**
 * What ends a ruling; undefined where there is none that stands. What the evidence key said, a revocation or the denial of a
 * source, ends by the approval key alone, and the other way round: who can say no can not undo a no.
 */
export function endsBy(event: RulingEvent | undefined): 'reinstatement' | 'end' | undefined {
  if (event === undefined) return undefined;
  return roleOf(event) === 'evidence' ? 'reinstatement' : 'end';
}
