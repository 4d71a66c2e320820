// SPDX-License-Identifier: Apache-2.0
import { type AuditEvent, openAuditRecord } from '#src/attest/audit-record.ts';
import type { PublicKey } from '#src/attest/signer.ts';
import type { Sha256 } from '#src/domain/digest.ts';
import type { AuditEventRow } from '#src/index/schema.ts';
import { AUDIT, chainName } from './keys.ts';

/** What a record is found by, and what is told of it. */
export type Entry = Omit<AuditEventRow, 'chain' | 'seq' | 'n' | 'last'> & { readonly last?: string };

/** A signed record, opened: its place, and what it tells. */
export interface OpenedRecord {
  readonly chain: string;
  readonly seq: number;
  readonly previous: Sha256 | null;
  readonly entries: readonly Entry[];
  /** Records of this chain up to here were removed on purpose; the digest is of the last of them. */
  readonly removed?: { readonly through: number; readonly digest: Sha256 };
}

/**
 * A family of signed chains that belong into the audit: its own, and those in which decisions are. Decisions are read
 * where they count, and not copied: a copy could be short of one.
 */
export interface ChainSource {
  /** What the keys of its records begin with; behind the last slash of a key are nine digits and `.json`. */
  readonly prefix: string;
  /** Under which name the index remembers how far a chain went. */
  readonly headKey: (chain: string) => string;
  /** Nobody but the audit remembers how far other processes' chains went. */
  readonly remembers: boolean;
  /** @throws AirlockError signature-invalid, record-invalid */
  readonly open: (bytes: Uint8Array) => OpenedRecord;
}

/** Where a record is in its chain, by its key; undefined for a key that is no record's. */
export function placeOf(key: string): { chain: string; seq: number } | undefined {
  const [, chain, digits] = /^(.+)\/(\d{9})\.json$/.exec(key) ?? [];
  return chain === undefined || Number(digits) === 0 ? undefined : { chain, seq: Number(digits) };
}

/** The audit's own chains. */
export function auditSource(keys: readonly PublicKey[]): ChainSource {
  return {
    prefix: AUDIT,
    headKey: (chain) => chain,
    remembers: true,
    open: (bytes) => {
      const { kind, writer, seq, previous, events } = openAuditRecord(bytes, keys);
      const removed = events.findLast((event) => event.type === 'checkpoint');
      const opened = { chain: chainName(kind, writer), seq, previous, entries: events.map(entryOf) };
      return removed ? { ...opened, removed } : opened;
    },
  };
}

const NOBODY = { actor: null, owner: null, address: null } as const;
const NOWHERE = { kind: null, repo: null, commit: null, path: null, sha256: null } as const;

function entryOf(event: AuditEvent): Entry {
  switch (event.type) {
    case 'act': {
      const { type, at, actor, address, repo, commit, ...rest } = event;
      const body = JSON.stringify({ ...rest, roles: actor.roles, via: actor.via });
      const place = { kind: repo?.kind ?? null, repo: repo?.id ?? null, commit };
      return { ...NOWHERE, type, at, actor: actor.id, owner: actor.owner, address, ...place, body };
    }
    case 'access': {
      const { type, at, last, actor, owner, address, repo, commit, path, sha256, ...rest } = event;
      const place = { kind: repo.kind, repo: repo.id, commit, path, sha256 };
      return { type, at, last, actor, owner, address, ...place, body: JSON.stringify(rest) };
    }
    case 'refusal': {
      const { type, at, last, actor, address, ...rest } = event;
      return { ...NOWHERE, type, at, last, actor, owner: null, address, body: JSON.stringify(rest) };
    }
    default: {
      const { type, at, ...rest } = event;
      return { ...NOBODY, ...NOWHERE, type, at, body: JSON.stringify(rest) };
    }
  }
}
