// SPDX-License-Identifier: Apache-2.0
import type { Facts } from '../facts.ts';
import type { Pages } from '../io/pages.ts';
import { payloadName } from '../magic.ts';
import type { Verified } from './verify.ts';

const CHUNK = 1024 * 1024;
/** Writers leave behind a string or a vtable that nothing refers to in the end; a payload needs more room. */
const ORPHAN_BYTES = 256;

/** Put what the verifier found into the facts. */
export function reportVerified(facts: Facts, verified: Verified): void {
  for (const { offset, detail } of verified.problems)
    facts.problems.push({ code: 'flatbuffer-malformed', offset, detail });
  for (const detail of verified.unknown.slice(0, 20))
    facts.problems.push({ code: 'flatbuffer-unknown-field', detail: `${detail} is not in the schema` });
  for (const offset of verified.overlaps.slice(0, 3))
    facts.problems.push({ code: 'flatbuffer-overlap', offset, detail: 'two things lie over each other' });
}

/** Every byte up to `end` that no range explains must be padding; `ranges` need no order. */
export function accountGaps(
  facts: Facts,
  pages: Pages,
  ranges: readonly (readonly [number, number])[],
  end: number,
): void {
  let at = 0;
  let orphans = 0;
  let first = 0;
  for (const [start, stop] of [...ranges, [end, end] as const].sort((a, b) => a[0] - b[0])) {
    if (start > at) {
      const found = firstNonZero(pages, at, Math.min(start, end));
      if (found !== undefined) {
        if (orphans === 0) first = found;
        orphans += start - found;
        const payload = payloadName(pages.take(found, 512));
        if (payload !== undefined && start - found >= 16)
          facts.problems.push({ code: 'trailing-payload', offset: found, detail: `${payload} that nothing refers to` });
      }
    }
    at = Math.max(at, stop);
  }
  if (orphans > ORPHAN_BYTES)
    facts.problems.push({
      code: 'flatbuffer-gap',
      offset: first,
      detail: `${orphans} bytes that nothing refers to, the first at byte ${first}`,
    });
}

function firstNonZero(pages: Pages, from: number, to: number): number | undefined {
  for (let at = from; at < to; at += CHUNK) {
    const chunk = pages.take(at, Math.min(CHUNK, to - at));
    const found = chunk.findIndex((byte) => byte !== 0);
    if (found >= 0) return at + found;
  }
  return undefined;
}

/** What follows the last byte that belongs to the file's own structure. */
export function reportTail(facts: Facts, pages: Pages, end: number): void {
  if (end >= pages.size || firstNonZero(pages, end, pages.size) === undefined) return;
  const payload = payloadName(pages.take(end, 512));
  const code = payload === undefined ? 'trailing-bytes' : 'trailing-payload';
  facts.problems.push({ code, offset: end, detail: `${payload ?? `${pages.size - end} bytes`} after the end` });
}
