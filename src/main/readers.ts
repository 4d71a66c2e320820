// SPDX-License-Identifier: Apache-2.0
import type { IdentifyDeps } from '#src/access/identify.ts';
import { createOidc } from '#src/access/oidc.ts';
import { createTokens, type Tokens } from '#src/access/tokens.ts';
import type { Config } from '#src/config.ts';
import { systemClock } from '#src/domain/clock.ts';
import type { ReadAccessOptions } from '#src/hub/read-access.ts';
import type { Index } from '#src/index/index.ts';
import { auditLog, type Log } from '#src/ops/log.ts';
import type { RecordStore } from '#src/store/record-store.ts';
import { storedRevocations } from './revoked-tokens.ts';

export interface TokensPlace {
  readonly index: Pick<Index, 'tokens'>;
  readonly records: RecordStore;
  /** Seals what the index keeps of tokens. */
  readonly key: Uint8Array;
}

/** The tokens of people and programs, with what is written of them into the log. */
export function openTokens({ access }: Config, { index, records, key }: TokensPlace, log: Log): Tokens {
  return createTokens({
    table: index.tokens,
    revocations: storedRevocations(records),
    key,
    clock: systemClock,
    ...access,
    onAct: (act, { id, name, owner, roles, grants, expiresAt }, by) =>
      auditLog(log).info({ tokenId: id, tokenName: name, owner, roles, grants, expiresAt, by }, `token ${act}`),
    onAltered: ({ id, name, owner }) =>
      log.error(
        { security: true, tokenId: id, tokenName: name, owner },
        'a token whose row in the index is not as this mirror wrote it was sent: it opens nothing',
      ),
    onError: (error) => log.warn({ err: error }, 'when tokens were last used could not be written: tried again later'),
  });
}

/** The tokens of issuers that the configuration names. None of them is asked before one of its tokens comes. */
export function oidcOf({ access }: Config, log: Log): Pick<IdentifyDeps, 'oidc' | 'onRefusedOidc'> {
  return {
    oidc: createOidc({ issuers: access.oidc, clock: systemClock }),
    onRefusedOidc: ({ issuer, why }) => log.info({ issuer, why }, 'a token of an issuer that is known does not count'),
  };
}

/** Who may read, and what the log says of those who may not. */
export function readersOf({ access }: Config, log: Log): Omit<ReadAccessOptions, 'identify'> {
  return {
    anonymous: access.anonymous,
    onRefused: (requestId, stranger) => {
      if ('token' in stranger)
        log.info({ requestId, tokenId: stranger.token.id, why: stranger.why }, 'a token that opens nothing any more');
    },
    onError: (error) => log.warn({ err: error }, 'a token could not be looked up: answered as to a stranger'),
  };
}

/** Whether somebody whom an issuer vouches for may administer: then nobody needs a first token. */
export function administersByIssuer({ access }: Pick<Config, 'access'>): boolean {
  return access.oidc.some(({ roles }) => roles.some((rule) => rule.roles.includes('admin')));
}
