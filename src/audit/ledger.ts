// SPDX-License-Identifier: Apache-2.0
import { type Sha256, sha256Of } from '#src/domain/digest.ts';
import { AirlockError, isAirlockError, messageOf } from '#src/domain/errors.ts';
import type { AccessQuery, AuditQuery } from '#src/index/audit-events.ts';
import type { Index } from '#src/index/index.ts';
import type { AuditChainRow, AuditEventRow } from '#src/index/schema.ts';
import type { RecordStore } from '#src/store/record-store.ts';
import { recordKey } from './keys.ts';
import { type ChainSource, type Entry, type OpenedRecord, placeOf } from './source.ts';

/** What was decided, done and served, to be searched: read from the signed records, of whichever process wrote them. */
export interface Ledger {
  /** Events of this page. The first page is asked for without `after`, and begins with a look at what is new in the store. */
  search(query: AuditQuery): Promise<AuditEventRow[]>;
  /** Who was served these files, all of them one after the other. */
  accessesOf(query: Pick<AccessQuery, 'repo' | 'commit' | 'sha256s'>): AsyncIterable<AuditEventRow>;
  /** Everything that is known from records is forgotten, and read anew from the store. */
  rebuild(): Promise<void>;
}

export interface LedgerDeps {
  readonly records: Pick<RecordStore, 'get' | 'list'>;
  readonly index: Pick<Index, 'auditEvents' | 'heads'>;
  readonly sources: readonly ChainSource[];
}

const AT_ONCE = 32;
const PAGE = 500;
const DIGESTS = 500;

/** A record that is still to be read. */
interface Unread {
  readonly key: string;
  readonly chain: string;
  readonly seq: number;
  readonly source: ChainSource;
}

/** How far this look came in a chain. */
interface End extends AuditChainRow {
  readonly source: ChainSource;
  /** Every record of this look follows the one before. */
  readonly isNext: boolean;
}

export function createLedger({ records, index, sources }: LedgerDeps): Ledger {
  const { auditEvents, heads } = index;
  /** How far each chain was read; kept, because the names of all chains are looked at with every search. */
  const read = new Map<string, AuditChainRow>();
  let running: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;

  async function readTo(chain: string): Promise<number> {
    const known = read.get(chain) ?? (await auditEvents.chain(chain));
    if (known) read.set(chain, known);
    return known?.seq ?? 0;
  }

  /** Keys tell which chains went on, without reading a record. */
  async function look(): Promise<void> {
    for (const source of sources) {
      let batch: Unread[] = [];
      for await (const key of records.list(source.prefix)) {
        const place = placeOf(key);
        if (!place || place.seq <= (await readTo(place.chain))) continue;
        batch.push({ key, ...place, source });
        if (batch.length < AT_ONCE) continue;
        await take(batch);
        batch = [];
      }
      await take(batch);
    }
  }

  async function take(batch: readonly Unread[]): Promise<void> {
    const found = await Promise.all(batch.map(async (unread) => ({ unread, stored: await records.get(unread.key) })));
    const rows: AuditEventRow[] = [];
    const ends = new Map<string, End>();
    /** What a checkpoint says to be removed is forgotten here, too, whichever process removed it. */
    const removed = new Map<string, number>();
    for (const { unread, stored } of found) {
      // Removed since its name was listed.
      if (!stored) continue;
      const { chain, seq, source } = unread;
      const digest = sha256Of(stored.bytes);
      const opened = opening(source, unread, stored.bytes);
      rows.push(...opened.entries.map((entry, n) => ({ ...entry, last: entry.last ?? entry.at, chain, seq, n })));
      if (opened.removed) removed.set(chain, opened.removed.through);
      const before: Partial<End> | undefined = ends.get(chain) ?? read.get(chain);
      ends.set(chain, { chain, seq, digest, source, isNext: follows(opened, seq, before) && before?.isNext !== false });
    }
    // What does not fit is for `airlock audit verify` to tell.
    for (const { chain, seq, digest, source, isNext } of ends.values())
      if (source.remembers && isNext) await heads.advance(source.headKey(chain), seq, digest).catch(unlessRolledBack);
    await auditEvents.put(
      [...ends.values()].map(({ chain, seq, digest }) => ({ chain, seq, digest })),
      rows,
    );
    for (const [chain, through] of removed) await auditEvents.forget(chain, through);
    for (const { chain, seq, digest } of ends.values()) read.set(chain, { chain, seq, digest });
  }

  /** Callers at the same time share a look, but none that began before they came: what they know of has to be in it. */
  function catchUp(): Promise<void> {
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        running = look();
        return running;
      });
    return next;
  }

  async function* accessesOf(query: Pick<AccessQuery, 'repo' | 'commit' | 'sha256s'>): AsyncIterable<AuditEventRow> {
    await catchUp();
    const { sha256s, ...place } = query;
    for (const some of sha256s ? inParts(sha256s) : [undefined]) {
      let after: AuditEventRow | undefined;
      do {
        const page = { ...place, ...(some && { sha256s: some }), ...(after && { after }), limit: PAGE };
        const rows = await auditEvents.accesses(page);
        yield* rows;
        after = rows.length < PAGE ? undefined : rows.at(-1);
      } while (after);
    }
  }

  return {
    search: async (query) => {
      if (!query.after) await catchUp();
      return auditEvents.search(query);
    },
    accessesOf,
    rebuild: async () => {
      await auditEvents.clear();
      read.clear();
      await catchUp();
    },
  };
}

/** What can not be read is found as such: it must not look as if nothing had happened. */
function opening(source: ChainSource, { chain, seq }: Unread, bytes: Buffer): OpenedRecord {
  try {
    const opened = source.open(bytes);
    if (opened.chain === chain && opened.seq === seq) return opened;
    throw new AirlockError('record-invalid', `It is record ${opened.seq} of ${opened.chain}.`);
  } catch (error) {
    if (!isAirlockError(error, 'signature-invalid', 'record-invalid')) throw error;
    return { chain, seq, previous: null, entries: [invalidEntry(recordKey(chain, seq), messageOf(error))] };
  }
}

function invalidEntry(key: string, problem: string): Entry {
  const nothing = { actor: null, owner: null, address: null, kind: null, repo: null, commit: null, path: null };
  const body = JSON.stringify({ record: key, problem });
  return { ...nothing, sha256: null, at: new Date(0).toISOString(), type: 'invalid-record', body };
}

function unlessRolledBack(error: unknown): void {
  if (!isAirlockError(error, 'journal-rolled-back')) throw error;
}

function follows({ seq, previous }: OpenedRecord, at: number, before: Partial<AuditChainRow> | undefined): boolean {
  return seq === at && (before?.seq ?? 0) === seq - 1 && previous === (before?.digest ?? null);
}

function inParts(digests: readonly Sha256[]): Sha256[][] {
  return Array.from({ length: Math.ceil(digests.length / DIGESTS) }, (_, i) =>
    digests.slice(i * DIGESTS, (i + 1) * DIGESTS),
  );
}
