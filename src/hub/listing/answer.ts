// SPDX-License-Identifier: Apache-2.0
import type { Context } from 'hono';
import { actorOf } from '#src/access/actor.ts';
import { originOf } from '#src/access/origin.ts';
import { mayRead } from '#src/access/restricted.ts';
import { AirlockError } from '#src/domain/errors.ts';
import { printable, type RepoKind } from '#src/domain/repo.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { InfoShape } from '../info.ts';
import { nextLink } from '../page-link.ts';
import { flag, values, wholeNumber } from '../query.ts';
import { jsonBytes } from '../respond.ts';
import type { Listing } from './listing.ts';
import { type Order, type Place, SORTS } from './order.ts';
import { parseSearch } from './search.ts';

const MAX_LIMIT = 1000;
const DEFAULT_LIMIT = 100;

/** What a page's `Link` repeats. */
const PARAMETERS = [
  ...['search', 'author', 'filter', 'tags', 'pipeline_tag', 'library', 'num_parameters', 'gated', 'inference'],
  ...['inference_provider', 'sort', 'direction', 'limit', 'full', 'config', 'cardData', 'blobs', 'securityStatus'],
  ...['expand', 'expand[]'],
];

/** Keys of an item where nothing is said; `full` adds more. */
const KEYS: readonly string[] = [
  ...['author', 'sha', 'lastModified', 'createdAt', 'private', 'gated', 'disabled', 'likes', 'downloads', 'tags'],
  ...['modelId', 'pipeline_tag', 'library_name', 'sdk'],
];

/** `GET /api/{kind}`: a page of what is approved here. @throws AirlockError bad-request, store-unavailable */
export async function listingAnswer(c: Context, kind: RepoKind, listing: Listing): Promise<Response> {
  const order = parseOrder(c);
  const scope = [kind, order.key, String(order.descending)];
  const cursor = c.req.query('cursor');
  const { items, next, pending } = await listing.page(kind, {
    search: parseSearch(c),
    order,
    limit: wholeNumber(c, 'limit', 1, MAX_LIMIT) ?? DEFAULT_LIMIT,
    after: cursor === undefined ? undefined : (decodeCursor(cursor, scope, 2) as unknown as Place),
    shape: shapeOf(c, kind),
    shows: (release) => mayRead(actorOf(c), release),
  });
  const parameters = Object.fromEntries(PARAMETERS.map((name) => [name, c.req.queries(name)]));
  return jsonBytes(c, listOf(items), {
    ...(next && nextLink(originOf(c).baseUrl, ['api', kind], { ...parameters, cursor: encodeCursor(scope, next) })),
    ...(pending > 0 && { 'x-hf-warning': `airlock-list-${kind}; ${incomplete(kind, pending)}` }),
  });
}

function parseOrder(c: Context): Order {
  const [sort = 'lastModified', direction] = [c.req.query('sort'), c.req.query('direction')];
  const key = SORTS.get(sort);
  if (!key)
    throw new AirlockError(
      'bad-request',
      `${printable(sort)} is no order of a list. Use one of ${[...SORTS.keys()].join(', ')}.`,
    );
  if (direction === undefined) return { key, descending: key !== 'id' };
  if (!/^(-1|1|desc|asc)$/.test(direction))
    throw new AirlockError('bad-request', `${printable(direction)} is no direction. Use -1 or 1.`);
  return { key, descending: direction === '-1' || direction === 'desc' };
}

function shapeOf(c: Context, kind: RepoKind): InfoShape {
  const options = { blobs: flag(c, 'blobs'), security: flag(c, 'securityStatus') };
  const named = values(c, 'expand')?.sort();
  if (named) return { ...options, expand: named };
  const full = flag(c, 'full');
  const more = [
    ...(full || options.blobs ? ['siblings'] : []),
    ...(flag(c, 'cardData') || (full && kind !== 'models') ? ['cardData'] : []),
    ...(flag(c, 'config') ? ['config'] : []),
    ...(full && kind === 'spaces' ? ['models', 'datasets'] : []),
    ...(options.security ? ['securityRepoStatus'] : []),
  ];
  return { ...options, expand: [...KEYS, ...more] };
}

function listOf(items: readonly Buffer[]): Buffer {
  const comma = Buffer.from(',');
  const parts = items.flatMap((item, i) => (i === 0 ? [item] : [comma, item]));
  return Buffer.concat([Buffer.from('['), ...parts, Buffer.from(']')]);
}

function incomplete(kind: RepoKind, pending: number): string {
  return `[airlock] This list is not complete: ${pending} ${kind} are still being read. Ask again in a minute.`;
}
