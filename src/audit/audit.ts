// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ActEvent, AuditActor, AuditEvent, StartEvent } from '#src/attest/audit-record.ts';
import type { Clock } from '#src/domain/clock.ts';
import { AirlockError } from '#src/domain/errors.ts';
import type { Accesses } from './accesses.ts';
import type { ChainWriter } from './chain-writer.ts';
import { detailsOf, placeOfAct, textOrNull, withoutSecrets } from './details.ts';

/** What somebody is about to do. */
export interface ActOrder {
  /** Method and path of the route, or the name of what the mirror does of its own. */
  readonly route: string;
  readonly actor: AuditActor;
  readonly address: string | undefined;
  readonly requestId: string | undefined;
  /** What was asked for, as it was parsed; secrets are left out here. */
  readonly subject: Readonly<Record<string, unknown>>;
}

/** An act that is written down, and may begin. */
export interface Act {
  /** It had no effect, or not its whole effect: a second event says so. Never throws. */
  failed(code: string): Promise<void>;
}

/** Signed, append-only records of who did what. */
export interface Audit extends Pick<Accesses, 'served' | 'refused'> {
  /**
   * Write an act down before it takes effect. Durable in the store when it resolves.
   * @throws AirlockError audit-unavailable: nothing may happen then
   */
  act(order: ActOrder): Promise<Act>;
  /** @throws AirlockError store-unavailable, store-full */
  started(start: Omit<StartEvent, 'type' | 'at'>): Promise<void>;
  /** The last word of this process, and everything that still waits. */
  stop(): Promise<void>;
}

export interface AuditDeps {
  readonly acts: ChainWriter;
  readonly accesses: Accesses;
  readonly clock: Clock;
  /** An event that could not be written, and that nobody waits for. */
  readonly onLost: (event: AuditEvent, error: unknown) => void;
  /** How long an act waits for the store. Default: ten seconds. */
  readonly patienceMilliseconds?: number;
}

const PATIENCE_MILLISECONDS = 10_000;

export function createAudit(deps: AuditDeps): Audit {
  const { acts, accesses, clock, patienceMilliseconds = PATIENCE_MILLISECONDS } = deps;
  const now = (): string => clock.now().toISOString();

  async function note(event: AuditEvent): Promise<void> {
    await inTime(acts.append(event), patienceMilliseconds).catch((error: unknown) => deps.onLost(event, error));
  }

  const failure = (act: string, code: string): Promise<void> =>
    note({ type: 'failure', at: now(), act, code: withoutSecrets(code) });

  return {
    act: async (order) => {
      const event = actEvent(order, now());
      const written = acts.append(event);
      try {
        await inTime(written, patienceMilliseconds);
      } catch (error) {
        // It was refused, so if it comes to be written after all, that has to be said.
        written.then(
          () => failure(event.id, 'audit-unavailable'),
          () => undefined,
        );
        throw unavailable(error);
      }
      return { failed: (code) => failure(event.id, code) };
    },
    started: (start) => inTime(acts.append({ type: 'start', at: now(), ...start }), patienceMilliseconds),
    served: accesses.served,
    refused: accesses.refused,
    stop: async () => {
      // Side by side: a store that is away is waited for once.
      await Promise.all([
        note({ type: 'stop', at: now() }),
        inTime(accesses.stop(), patienceMilliseconds).catch(() => undefined),
      ]);
      await inTime(acts.idle(), patienceMilliseconds).catch(() => undefined);
    },
  };
}

function actEvent({ route, actor, address, requestId, subject }: ActOrder, at: string): ActEvent {
  const { id, owner, roles, via } = actor;
  return {
    type: 'act',
    id: randomUUID(),
    at,
    actor: { id: textOrNull(id) ?? 'unknown', owner: textOrNull(owner) ?? 'unknown', roles, via },
    address: textOrNull(address),
    requestId: textOrNull(requestId),
    action: route,
    ...placeOfAct(subject),
    details: detailsOf(subject),
  };
}

/** Acts that stand in the chain although they were refused: each gets its failure. */
export function lateActs(events: readonly AuditEvent[], at: string): AuditEvent[] {
  return events.flatMap((event) =>
    event.type === 'act' ? [{ type: 'failure' as const, at, act: event.id, code: 'audit-unavailable' }] : [],
  );
}

async function inTime<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  const timer = new AbortController();
  const late = sleep(milliseconds, undefined, { signal: timer.signal, ref: false }).then(() => {
    throw new AirlockError('store-unavailable', `The store gave no answer in ${milliseconds} ms.`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}

function unavailable(cause: unknown): AirlockError {
  const message =
    'Nothing was done: what administrators do is written down first, and the store does not take it. Try again, and tell the operators of the mirror if it stays so.';
  return new AirlockError('audit-unavailable', message, {}, cause);
}
