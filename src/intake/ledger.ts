// SPDX-License-Identifier: Apache-2.0
import { AirlockError } from '#src/domain/errors.ts';

/** Room on the disk for bytes that are still to come. */
export interface Reservation {
  /** So many bytes of this content are missing now. */
  missing(content: string, bytes: number): void;
  /** Give back what is left. May be called twice. */
  release(): void;
}

/** Who was promised how much of the free disk: the disk itself knows only what was written already. */
export interface Ledger {
  /**
   * Promise room for these bytes, by content, such that `keepFree` stays free when they and all that was promised before
   * have come. @throws AirlockError store-full
   */
  reserve(missing: ReadonlyMap<string, number>, keepFree: number): Promise<Reservation>;
}

export function createLedger(freeBytes: () => Promise<number>): Ledger {
  const promises = new Map<object, number>();
  const promised = () => [...promises.values()].reduce((sum, bytes) => sum + bytes, 0);
  return {
    async reserve(missing, keepFree) {
      const left = new Map(missing);
      const needed = [...left.values()].reduce((sum, bytes) => sum + bytes, 0);
      const before = promised();
      const free = await freeBytes();
      // Meanwhile others wrote what they were promised, or were promised more: the larger of the two is on the safe side.
      // From here to the entry nobody else has a turn, so two can not both take the last room.
      const others = Math.max(before, promised());
      if (needed > 0 && free - others - needed < keepFree) throw full({ free, promised: others, needed, keepFree });
      const key = {};
      promises.set(key, needed);
      return {
        missing(content, bytes) {
          const known = promises.get(key);
          if (known === undefined) return;
          promises.set(key, known - (left.get(content) ?? 0) + bytes);
          left.set(content, bytes);
        },
        release: () => void promises.delete(key),
      };
    },
  };
}

function full(subject: { free: number; promised: number; needed: number; keepFree: number }): AirlockError {
  const { free, promised, needed, keepFree } = subject;
  const taken = promised > 0 ? `${promised} of them promised to other intakes, ` : '';
  return new AirlockError(
    'store-full',
    `The mirror has too little free disk: ${free} bytes are free, ${taken}${needed} are needed, ${keepFree} must stay free.`,
    subject,
  );
}
