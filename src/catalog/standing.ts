// SPDX-License-Identifier: Apache-2.0
import { Revocations } from '#src/domain/revocations.ts';
import type { Rulings } from './rulings.ts';
import type { RulingsState } from './rulings-state.ts';

/** The rulings that stand, arranged for questions. The same object for as long as no ruling was added. */
export interface Standing {
  readonly revocations: Revocations;
}

/** From memory, as fresh as the rulings are; arranged anew with each that is added. @throws as Rulings.state */
export function createStanding(rulings: Pick<Rulings, 'state'>): () => Promise<Standing> {
  let known: { readonly state: RulingsState; readonly standing: Standing } | undefined;
  return async () => {
    const state = await rulings.state();
    if (known?.state !== state) known = { state, standing: { revocations: new Revocations(state.standing.values()) } };
    return known.standing;
  };
}
