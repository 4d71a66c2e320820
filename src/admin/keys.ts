// SPDX-License-Identifier: Apache-2.0
import { Hono } from 'hono';
import type { KeyRole, PublicKey } from '#src/attest/signer.ts';

/** `/key`: the public keys, for everybody. Who has been given a model may not be who reads from this mirror. */
export function createKeyDownload(keys: Readonly<Record<KeyRole, PublicKey>>): Hono {
  return new Hono().get('/key', (c) =>
    c.body(keys[c.req.query('role') === 'evidence' ? 'evidence' : 'approval'].pem, 200, {
      'content-type': 'application/x-pem-file',
    }),
  );
}
