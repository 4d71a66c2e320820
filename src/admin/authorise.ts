// SPDX-License-Identifier: Apache-2.0
import type { Context } from 'hono';
import { type Actor, actorOf, may } from '#src/access/actor.ts';
import type { Identify } from '#src/access/identify.ts';
import { type Permission, rolesWith } from '#src/access/permissions.ts';
import { AirlockError } from '#src/domain/errors.ts';
import type { Access } from './route.ts';

export interface AuthoriseDeps {
  readonly identify: Identify;
  /** Whether strangers may read. */
  readonly anonymous: boolean;
}

/**
 * Who asks, and that they may: before anything else of the request is looked at, so that nobody else learns what it
 * should look like. Who does not say a name gets 401, and who may not, 403.
 * @throws AirlockError unauthorized, forbidden; store-unavailable where a token can not be looked up
 */
export async function authorise(c: Context, deps: AuthoriseDeps, permission: Access): Promise<Actor | undefined> {
  const actor = actorOf(c);
  if (permission === 'open' || (permission === 'read' && deps.anonymous)) return actor;
  const known = actor ?? (await identified(c, deps));
  if (!known) throw new AirlockError('unauthorized', strangerText(permission));
  if (!may(known, permission)) throw new AirlockError('forbidden', forbiddenText(known, permission));
  return known;
}

/** On an open mirror a token that could not be looked up counts as a stranger's, which is no answer for one who acts. */
async function identified(c: Context, { identify }: AuthoriseDeps): Promise<Actor | undefined> {
  const asking = await identify(c.req.header('authorization'));
  return asking.type === 'actor' ? asking.actor : undefined;
}

function strangerText(permission: Permission): string {
  return `This needs a token with the role ${rolesWith(permission).join(' or ')}: set AIRLOCK_ADMIN_TOKEN to it, or run the command where the mirror keeps its data with the administrative token.`;
}

function forbiddenText({ name, owner, roles }: Actor, permission: Permission): string {
  const needed = rolesWith(permission).join(' or ');
  return `The token "${name}" of ${owner} has the role ${roles.join(', ') || 'none'}, and this needs the role ${needed}. Ask those who give out the tokens of this mirror (they run: airlock token create).`;
}
