// SPDX-License-Identifier: Apache-2.0
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type AuditRecord, openAuditRecord } from '#src/attest/audit-record.ts';
import type { PublicKey } from '#src/attest/signer.ts';
import type { Audit } from '#src/audit/audit.ts';
import { openAudit } from '#src/audit/open.ts';
import { AirlockError } from '#src/domain/errors.ts';
import { type Index, openIndex } from '#src/index/index.ts';
import { openFolder } from '#src/store/folder.ts';
import { FolderRecordStore } from '#src/store/folder-record-store.ts';
import type { RecordStore } from '#src/store/record-store.ts';
import { keys, signers } from '#test/attest/keys.ts';
import { TestClock } from '#test/support/house.ts';

/** What a store may do to a write. `lost`: it happens, and the answer does not arrive. `late`: both, when told to. */
export type Trouble = 'none' | 'away' | 'lost' | 'hangs';

/** A record store with a line that a test can cut. */
export class TroubledStore implements RecordStore {
  trouble: Trouble = 'none';
  /** Keys in the order in which they were created. */
  readonly created: string[] = [];
  readonly #inner: RecordStore;
  readonly #hanging: (() => void)[] = [];

  constructor(inner: RecordStore) {
    this.#inner = inner;
  }

  get(key: string) {
    return this.trouble === 'away' ? Promise.reject(away()) : this.#inner.get(key);
  }

  async create(key: string, bytes: Uint8Array): Promise<boolean> {
    const { trouble } = this;
    if (trouble === 'away') throw away();
    if (trouble === 'hangs') await new Promise<void>((go) => this.#hanging.push(go));
    const created = await this.#inner.create(key, bytes);
    if (created) this.created.push(key);
    if (trouble === 'lost') throw away();
    return created;
  }

  /** What hangs happens now. */
  release(): void {
    this.trouble = 'none';
    for (const go of this.#hanging.splice(0)) go();
  }

  get hanging(): number {
    return this.#hanging.length;
  }

  replace(key: string, bytes: Uint8Array, version: string) {
    return this.#inner.replace(key, bytes, version);
  }

  list(prefix: string) {
    return this.#inner.list(prefix);
  }

  remove(key: string) {
    return this.#inner.remove(key);
  }
}

function away(): AirlockError {
  return new AirlockError('store-unavailable', 'the store is away');
}

/** One process with its audit. The same `data` again is the next process on that folder. */
export interface Desk {
  readonly audit: Audit;
  readonly store: TroubledStore;
  readonly index: Index;
  readonly clock: TestClock;
  readonly log: Record<string, unknown>[];
  records(): Promise<AuditRecord[]>;
  close(): Promise<void>;
}

export interface DeskOptions {
  readonly store: string;
  readonly data: string;
  readonly patienceMilliseconds?: number;
  readonly required?: boolean;
  readonly writeSeconds?: number;
  readonly maxKept?: number;
}

export async function openDesk(options: DeskOptions): Promise<Desk> {
  const folder = await openFolder(options.store, { create: true });
  const inner = new FolderRecordStore(folder);
  const store = new TroubledStore(inner);
  await openFolder(options.data, { create: true });
  const index = await openIndex(join(options.data, 'index.sqlite'));
  const clock = new TestClock();
  const log: Record<string, unknown>[] = [];
  const audit = openAudit({
    records: store,
    index,
    signer: signers.evidence,
    keys,
    clock,
    folder: join(options.data, 'audit'),
    settings: {
      required: options.required ?? true,
      writeSeconds: options.writeSeconds ?? 3600,
      keepDays: { acts: null, accesses: null },
    },
    log: {
      error: (details, text) => void log.push({ ...details, text }),
      warn: (details, text) => void log.push({ ...details, text }),
    },
    ...(options.maxKept === undefined ? {} : { maxKept: options.maxKept }),
    ...(options.patienceMilliseconds === undefined ? {} : { patienceMilliseconds: options.patienceMilliseconds }),
  });
  return {
    ...{ audit, store, index, clock, log },
    records: () => recordsIn(inner, keys),
    close: () => index.close(),
  };
}

/** Every record of the audit, in the order of its keys. */
export async function recordsIn(records: Pick<RecordStore, 'list' | 'get'>, trusted: readonly PublicKey[]) {
  const found: AuditRecord[] = [];
  for await (const key of records.list('audit/')) {
    const stored = await records.get(key);
    if (stored) found.push(openAuditRecord(stored.bytes, trusted));
  }
  return found;
}

/** The folder of a store in which the records of the only chain of acts are. */
export async function actsFolder(store: string): Promise<string> {
  const acts = join(store, 'records', 'audit', 'acts');
  const [writer] = await readdir(acts);
  return join(acts, writer ?? '');
}

const ann = { id: 'a1', owner: 'ann@example.org', roles: ['admin'], via: 'token' } as const;

/** Ann does something. */
export function order(route: string, subject: Record<string, unknown> = {}) {
  return { actor: ann, address: '192.0.2.7', requestId: 'r-1', route, subject };
}

/** Everything that comes, when all has come. */
export async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
