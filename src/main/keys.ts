// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { readOrCreateToken } from '#src/access/admin-token.ts';
import { type KeyRing, openKeyRing } from '#src/attest/key-ring.ts';
import { JOURNALS, RULINGS } from '#src/catalog/keys.ts';
import type { Config } from '#src/config.ts';
import type { RecordStore } from '#src/store/record-store.ts';

/** Signing keys; new ones only for a store that nothing was signed for. @throws AirlockError config-invalid */
export async function openKeys({ keys, data }: Config, records: RecordStore): Promise<KeyRing> {
  return openKeyRing({
    ...keys,
    folder: join(data, 'keys'),
    storeIsInUse: async () => {
      for (const prefix of [JOURNALS, RULINGS]) for await (const _ of records.list(prefix)) return true;
      return false;
    },
  });
}

/** From the environment; the embedded default makes one. A configuration that names its keys names its token too. */
export async function adminToken({ adminToken, keys, data }: Config): Promise<{ token?: string; file?: string }> {
  if (adminToken) return { token: adminToken.reveal() };
  if (keys.approval) return {};
  const file = join(data, 'keys', 'admin.token');
  const { token } = await readOrCreateToken(file);
  return { token, file };
}
