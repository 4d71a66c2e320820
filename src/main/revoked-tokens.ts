// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import type { Revocations } from '#src/access/token-lookup.ts';
import type { RecordStore } from '#src/store/record-store.ts';

const shape = z.object({ at: z.string(), by: z.string() });

/**
 * That tokens were revoked, as records `tokens/revoked/<id>.json`. They need no signature: that one is there can only
 * close something. One that can not be read closes the token, too.
 */
export function storedRevocations(records: RecordStore): Revocations {
  const key = (id: string): string => `tokens/revoked/${id}.json`;
  return {
    add: async (id, at, by) => {
      await records.create(key(id), Buffer.from(JSON.stringify({ at, by })));
    },
    find: async (id) => {
      const record = await records.get(key(id));
      return record && read(record.bytes);
    },
  };
}

function read(bytes: Uint8Array): z.infer<typeof shape> {
  try {
    return shape.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch {
    return { at: new Date(0).toISOString(), by: 'unknown' };
  }
}
