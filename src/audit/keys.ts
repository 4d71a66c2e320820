// SPDX-License-Identifier: Apache-2.0
import type { ChainKind } from '#src/attest/audit-record.ts';

/*
 * Every record of the audit:
 *
 *   audit/acts/<writer>/000000001.json       who did what, from start to stop
 *   audit/accesses/<writer>/000000001.json   who was served what
 */
export const AUDIT = 'audit/';

/** A chain's name: what its keys begin with, without the slash at the end. The index knows its head by it. */
export function chainName(kind: ChainKind, writer: string): string {
  return `${AUDIT}${kind}/${writer}`;
}

export function recordKey(chain: string, seq: number): string {
  return `${chain}/${String(seq).padStart(9, '0')}.json`;
}

/** The number of a record, from its key; undefined for a key that is none of this chain. */
export function seqOfKey(chain: string, key: string): number | undefined {
  const name = key.startsWith(`${chain}/`) ? key.slice(chain.length + 1) : '';
  return /^\d{9}\.json$/.test(name) ? Number(name.slice(0, 9)) : undefined;
}
