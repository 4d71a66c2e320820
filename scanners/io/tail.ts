// SPDX-License-Identifier: Apache-2.0
import type { Spending } from '../budgets.ts';
import type { Facts } from '../facts.ts';
import { payloadName } from '../magic.ts';
import { hiddenPickle } from '../pickle/hidden.ts';
import { archiveFromEnd } from '../zip/polyglot.ts';
import type { RandomBytes } from './bytes.ts';

const LOOKED_AT = 4096;

/** Bytes behind the end of a format, from `offset` on: what they are, as far as anyone looks for it there. */
export async function noteTail(
  facts: Facts,
  bytes: RandomBytes,
  offset: number,
  what: string,
  spending: Spending,
): Promise<void> {
  const length = bytes.size - offset;
  if (length <= 0) return;
  const head = bytes.readAt(offset, LOOKED_AT);
  const filled = head.findIndex((byte) => byte !== 0 && byte !== 0x20 && byte !== 0x0a);
  const payload = filled < 0 ? undefined : (payloadName(head) ?? payloadName(head.subarray(filled)));
  const archive = payload === undefined ? archiveFromEnd(bytes.slice(offset, length)) : undefined;
  const pickle =
    payload === undefined && archive === undefined ? await hiddenPickle(bytes, offset, spending) : undefined;
  if (payload !== undefined)
    facts.problems.push({ code: 'trailing-payload', offset, detail: `${payload} after ${what}` });
  else if (archive !== undefined)
    facts.problems.push({
      code: 'trailing-payload',
      offset: offset + archive.at,
      detail: `an archive with ${JSON.stringify(archive.name.slice(0, 80))} after ${what}`,
    });
  else if (pickle !== undefined)
    facts.problems.push({
      code: 'trailing-payload',
      offset: pickle,
      detail: `a pickle that calls something after ${what}`,
    });
  else facts.problems.push({ code: 'trailing-bytes', offset, detail: `${length} bytes after ${what}` });
}
