// SPDX-License-Identifier: Apache-2.0
import type { Context, MiddlewareHandler } from 'hono';
import type { Asking, Identify, Stranger } from '#src/access/identify.ts';
import { originOf } from '#src/access/origin.ts';
import { type HubError, hubError } from './respond.ts';

export interface ReadAccessOptions {
  readonly identify: Identify;
  /** Whether strangers may read. */
  readonly anonymous: boolean;
  /** For the log: a token of ours that opens nothing any more. */
  readonly onRefused: (requestId: string, stranger: Stranger) => void;
  /** For the log: who asks could not be found out, and need not be. */
  readonly onError: (error: unknown) => void;
}

/**
 * Before everything that says a word about a repo: on a private mirror strangers learn nothing here, and start nothing.
 * On an open one a token that is none of ours is no concern: people have one of the public Hub in their environment.
 * Puts the {@link Actor} into the context as `actor`, where there is one.
 */
export function readAccess(options: ReadAccessOptions): MiddlewareHandler {
  const identify = options.anonymous ? leniently(options) : options.identify;
  return async function readAccess(c, next) {
    const asking = await identify(c.req.header('authorization'));
    if (asking.type === 'actor') c.set('actor', asking.actor);
    else if (!options.anonymous) {
      options.onRefused(c.get('requestId'), asking);
      return hubError(c, strangerError(c, asking));
    }
    return next();
  };
}

/** Everybody may read: an index that fails stops nobody. */
function leniently({ identify, onError }: ReadAccessOptions): Identify {
  return async (authorization) =>
    identify(authorization).catch((error: unknown): Asking => {
      onError(error);
      return { type: 'stranger', why: 'unknown' };
    });
}

/**
 * 401, and `GatedRepo`: the one code with which Python and its libraries show the text, over https too, where they take
 * any other 401 for a repo that does not exist (hub-api 4.1 and 6.1).
 */
function strangerError(c: Context, stranger: Stranger): HubError {
  if (/^\/api\/airlock(?:\/|$)/.test(c.req.path)) return { ...UNAUTHORIZED, message: ADMIN_TEXT };
  return {
    ...UNAUTHORIZED,
    code: 'GatedRepo',
    message: strangerText(stranger, originOf(c).baseUrl),
    warningTopic: strangerTopic(stranger),
  };
}

/** What every 401 says to programs. */
export const UNAUTHORIZED = {
  status: 401,
  headers: { 'www-authenticate': 'Bearer realm="Hub Airlock", charset="UTF-8"' },
} as const;

const ADMIN_TEXT =
  '[airlock] This mirror is private. To read, send one of its tokens: set HF_TOKEN for airlock pull, or the header Authorization: Bearer. To decide, send the administrative one: set AIRLOCK_ADMIN_TOKEN, or run the command where the mirror keeps its data.';

/** Only who has a token that expired is told so: a revoked one may be in the hands of a thief. */
export function strangerText(stranger: Stranger, baseUrl: string): string {
  const how = `Ask the mirror's operators for one (they run: airlock token create), then run: HF_ENDPOINT=${baseUrl} hf auth login --token TOKEN, or set HF_TOKEN, which wins over a login.`;
  switch (stranger.why) {
    case 'nothing sent':
      return `[airlock] This mirror needs a token of its own, and none was sent. ${how}`;
    case 'expired':
      return `[airlock] Your token "${stranger.token.name}" of this mirror expired on ${stranger.token.expiresAt?.slice(0, 10)}. ${how.replace('one', 'a new one')}`;
    case 'revoked':
    case 'unknown':
      return `[airlock] This mirror needs a token of its own, and does not accept the one that was sent; tokens of huggingface.co are not valid here. ${how}`;
  }
}

export function strangerTopic({ why }: Stranger): string {
  return `airlock-token-${why === 'expired' ? 'expired' : why === 'nothing sent' ? 'missing' : 'unknown'}`;
}
