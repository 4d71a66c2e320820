// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import type { AuditEvent, ChainKind } from '#src/attest/audit-record.ts';
import type { PublicKey, Signer } from '#src/attest/signer.ts';
import type { Clock } from '#src/domain/clock.ts';
import type { Index } from '#src/index/index.ts';
import type { RecordStore } from '#src/store/record-store.ts';
import { createAccesses } from './accesses.ts';
import { type Audit, createAudit, lateActs } from './audit.ts';
import { type ChainWriter, createChainWriter } from './chain-writer.ts';
import { startRetention } from './retention.ts';
import { writerIdFile } from './writer-id.ts';

export interface AuditOptions {
  readonly records: RecordStore;
  readonly index: Pick<Index, 'heads' | 'auditEvents'>;
  readonly signer: Signer;
  readonly keys: readonly PublicKey[];
  readonly clock: Clock;
  /** Where the names of this process's chains are kept. */
  readonly folder: string;
  readonly log: { error(details: object, text: string): void; warn(details: object, text: string): void };
  readonly settings: {
    readonly required: boolean;
    readonly writeSeconds: number;
    readonly keepDays: Readonly<Record<ChainKind, number | null>>;
  };
  readonly patienceMilliseconds?: number;
  /** Sums of accesses that are kept while the store is away. */
  readonly maxKept?: number;
}

/** The audit of one process. Nothing is read or written before the first event. */
export function openAudit({ folder, index, log, settings, ...options }: AuditOptions): Audit {
  const onLost = (event: AuditEvent, err: unknown): void =>
    log.error({ audit: true, event, err }, 'an event could not be written to the audit');

  function chain(kind: ChainKind, onLate: (events: readonly AuditEvent[]) => void): ChainWriter {
    return createChainWriter({
      ...options,
      heads: index.heads,
      kind,
      id: writerIdFile(join(folder, `${kind}.writer`)),
      onLate,
      onBroken: (name, problem) =>
        log.error({ security: true, chain: name, problem }, `${name} is broken: the audit goes on in a new chain`),
    });
  }

  const acts = chain('acts', (events) => {
    for (const event of lateActs(events, options.clock.now().toISOString()))
      acts.append(event).catch((error: unknown) => onLost(event, error));
  });
  const served = chain('accesses', (events) => accesses.landed(events));
  const accesses = createAccesses({
    ...options,
    ...settings,
    chain: served,
    onError: (error) => log.warn({ err: error }, 'who was served what could not be written: tried again'),
  });
  const stopRetention = startRetention({
    ...options,
    auditEvents: index.auditEvents,
    chains: { acts, accesses: served },
    keepDays: settings.keepDays,
    onError: (error) => log.warn({ err: error }, 'old records of the audit could not be removed: tried again'),
  });
  const audit = createAudit({ ...options, acts, accesses, onLost });
  return {
    ...audit,
    stop: async () => {
      await stopRetention();
      await audit.stop();
    },
  };
}
