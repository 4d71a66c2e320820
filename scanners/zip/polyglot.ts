// SPDX-License-Identifier: Apache-2.0
import type { RandomBytes } from '../io/bytes.ts';
import { findEnd } from './end.ts';
import { parseCentral, parseLocal } from './records.ts';

/** Members that are compared with their local headers; one that does not fit means that this is no archive. */
const CHECKED = 16;

/**
 * The first member of an archive that readers find from the end of these bytes, whatever they begin with. Tensors may
 * hold any bytes, and the four of an end record come by chance: only an end record that leads to a directory, whose
 * entries lead to local headers of the same names, is an archive.
 */
export function archiveFromEnd(bytes: RandomBytes): { name: string; at: number } | undefined {
  const record = findEnd(bytes)?.record;
  if (record === undefined || record.entries === 0) return undefined;
  const directory = record.directoryEnd - record.directorySize;
  const prefix = directory - record.directoryOffset;
  if (directory < 0 || prefix < 0) return undefined;
  let first: { name: string; at: number } | undefined;
  for (let i = 0, at = directory; i < Math.min(record.entries, CHECKED); i++) {
    const central = parseCentral(bytes, at);
    if (central === undefined) return undefined;
    const place = central.entry.offset + prefix;
    if (parseLocal(bytes, place)?.name !== central.entry.name) return undefined;
    first ??= { name: central.entry.name, at: place };
    at = central.next;
  }
  return first;
}
