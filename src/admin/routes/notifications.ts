// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { AirlockError } from '#src/domain/errors.ts';
import type { NotificationFilter } from '#src/index/notifications.ts';
import type { NotificationRow } from '#src/index/schema.ts';
import type { Notifications } from '#src/notify/notifications.ts';
import { type AdminRoute, defineRoute } from '../route.ts';

export interface NotificationRoutesDeps {
  readonly notifications: Pick<Notifications, 'endpoints' | 'list' | 'retry' | 'discard' | 'test'>;
}

const MAX_LISTED = 1000;

const name = z.string().max(64);
const listShape = z.object({
  state: z.enum(['pending', 'sent', 'dead']).optional(),
  endpoint: name.optional(),
  limit: z.coerce.number().int().min(1).max(MAX_LISTED).default(100),
});

/** One message, all of one endpoint, or all: which of them has to be said. */
const whichShape = z
  .strictObject({ id: name.optional(), endpoint: name.optional(), all: z.literal(true).optional() })
  .refine((which) => Object.keys(which).length === 1, 'name one of id, endpoint, and all: true');

const messageShape = z.object({
  id: z.string(),
  endpoint: z.string(),
  event: z.string(),
  state: z.enum(['pending', 'sent', 'dead']),
  attempts: z.number(),
  nextAt: z.string().nullable().meta({ description: 'when it is tried next; null where it is not' }),
  createdAt: z.string(),
  lastError: z.string().nullable(),
  text: z.string(),
});
const endpointShape = z.object({
  name: z.string(),
  events: z.array(z.string()).readonly(),
  gone: z.boolean().meta({ description: 'it said that it wants nothing any more' }),
});

/** What others are told, what they were not, and whether they can be reached. */
export function notificationRoutes({ notifications }: NotificationRoutesDeps): AdminRoute[] {
  return [
    defineRoute({
      method: 'get',
      path: '/notifications',
      permission: 'administer',
      changes: false,
      summary: 'List endpoints and what they were told, or will be',
      request: { query: listShape },
      answer: {
        says: 'Messages newest first',
        json: z.object({ endpoints: z.array(endpointShape).readonly(), messages: z.array(messageShape) }),
      },
      handle: async ({ query: { limit, state, endpoint } }) => {
        const filter = { ...(state && { state }), ...(endpoint !== undefined && { endpoint }) };
        const rows = await notifications.list(filter, limit);
        return { endpoints: notifications.endpoints(), messages: rows.map(messageJson) };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/notifications/retry',
      permission: 'administer',
      changes: true,
      summary: 'Try dead letters again, at once',
      request: { body: whichShape },
      answer: { says: 'How many', json: z.object({ retried: z.number() }) },
      handle: async ({ body }) => ({ retried: await notifications.retry(filterOf(body)) }),
    }),
    defineRoute({
      method: 'post',
      path: '/notifications/discard',
      permission: 'administer',
      changes: true,
      summary: 'Forget dead letters',
      request: { body: whichShape },
      answer: { says: 'How many', json: z.object({ discarded: z.number() }) },
      handle: async ({ body }) => ({ discarded: await notifications.discard(filterOf(body)) }),
    }),
    defineRoute({
      method: 'post',
      path: '/notifications/test',
      permission: 'administer',
      changes: true,
      summary: 'Send a test message to an endpoint, and say what came back',
      request: { body: z.strictObject({ endpoint: name }) },
      answer: {
        says: 'sent, refused, away (nobody is there), or gone (wants nothing any more), and the answer in words',
        json: z.object({ endpoint: z.string(), result: z.string(), answer: z.string() }),
      },
      handle: async ({ body: { endpoint } }) => {
        const attempt = await notifications.test(endpoint);
        if (!attempt) throw new AirlockError('upstream-entry-not-found', unknownEndpoint(notifications.endpoints()));
        return { endpoint, result: attempt.type, answer: attempt.answer };
      },
    }),
  ];
}

function filterOf({ all: _, ...which }: z.infer<typeof whichShape>): NotificationFilter {
  return which as NotificationFilter;
}

function unknownEndpoint(endpoints: readonly { readonly name: string }[]): string {
  const known = endpoints.map((endpoint) => endpoint.name).join(', ') || 'none';
  return `No endpoint of the configuration has that name. There are: ${known}.`;
}

function messageJson({ body, nextAt, ...row }: NotificationRow): z.infer<typeof messageShape> {
  const { text } = JSON.parse(body) as { text: string };
  return { ...row, nextAt: row.state === 'pending' ? nextAt : null, text };
}
