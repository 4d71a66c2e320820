// SPDX-License-Identifier: Apache-2.0
import { openRuling, type RulingEntry, signRuling } from '#src/attest/ruling-entry.ts';
import type { KeyRole, PublicKey, Signer } from '#src/attest/signer.ts';
import type { RulingEvent } from '#src/domain/ruling.ts';
import { type ChainFormat, type ChainOptions, createChains } from './chain.ts';
import { RULINGS, rulingKey } from './keys.ts';
import { NO_RULINGS, type RulingsState, replayRuling } from './rulings-state.ts';

/** One chain for the whole store: what people decided for more than one commit. */
export interface Rulings {
  /** From memory, at most `refreshSeconds` behind the store. @throws AirlockError record-invalid, signature-invalid, journal-rolled-back, store-unavailable */
  state(): Promise<RulingsState>;
  /**
   * Append a ruling, unless `applies` says that the state no longer wants it; undefined then, else its number. Of two
   * writers at the same time one goes first, and the other asks `applies` again. Durable when it returns a number, and
   * in force here; elsewhere within `refreshSeconds`.
   */
  append(
    event: RulingEvent,
    act: { by: string; reason: string },
    applies: (state: RulingsState) => boolean,
  ): Promise<number | undefined>;
  /** Hear of every ruling that was read, whoever wrote it. Must not throw. */
  subscribe(listener: (seq: number) => void): void;
}

export interface RulingsOptions extends Omit<ChainOptions, 'cachedChains' | 'cachedWeight'> {
  readonly signers: Record<KeyRole, Signer>;
  readonly keys: readonly PublicKey[];
}

/** There is one. */
type Whole = 'rulings';
const WHOLE: Whole = 'rulings';

export function createRulings(options: RulingsOptions): Rulings {
  const { signers, keys } = options;
  const format: ChainFormat<Whole, RulingsState, RulingEntry> = {
    name: () => 'the rulings',
    headKey: (whole) => whole,
    prefix: () => RULINGS,
    key: (_, seq) => rulingKey(seq),
    empty: NO_RULINGS,
    open: (bytes) => openRuling(bytes, keys),
    sign: (entry) => signRuling(signers, entry),
    belongs: () => true,
    replay: replayRuling,
    weigh: () => 1,
  };
  const chain = createChains({ ...options, cachedChains: 1, cachedWeight: 1 }, format);
  return {
    state: () => chain.state(WHOLE),
    subscribe: (listener) => chain.subscribe((_, seq) => listener(seq)),
    async append(event, { by, reason }, applies) {
      let number: number | undefined;
      const done = await chain.append(WHOLE, (state, at) => {
        number = state.seq + 1;
        return applies(state) ? { seq: number, previous: state.head, at, by, reason, event } : undefined;
      });
      return done ? number : undefined;
    },
  };
}
