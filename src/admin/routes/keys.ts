// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import type { KeyRole, PublicKey } from '#src/attest/signer.ts';
import { type AdminRoute, defineRoute } from '../route.ts';

export interface KeyRoutesDeps {
  readonly keys: Readonly<Record<KeyRole, PublicKey>>;
}

/** The public keys, for everybody. Who has been given a model may not be who reads from this mirror. */
export function keyRoutes({ keys }: KeyRoutesDeps): AdminRoute[] {
  return [
    defineRoute({
      method: 'get',
      path: '/key',
      permission: 'open',
      changes: false,
      summary: 'Download a public key of this mirror',
      request: { query: z.object({ role: z.enum(['approval', 'evidence']).default('approval') }) },
      answer: { says: 'The key', type: 'application/x-pem-file' },
      handle: ({ query: { role } }) => ({ bytes: keys[role].pem }),
    }),
  ];
}
