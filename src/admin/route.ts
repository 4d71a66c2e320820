// SPDX-License-Identifier: Apache-2.0
import type * as z from 'zod';
import type { Actor } from '#src/access/actor.ts';
import type { Permission } from '#src/access/permissions.ts';
import type { Repo } from '#src/domain/repo.ts';
import type { Revision } from '#src/domain/revision.ts';
import { REVISION_PATH, revisionParams } from './target.ts';

/*
 * The one way to write a route of the admin API. Whatever must not be forgotten is mandatory here: who may, what it
 * changes, what it takes and what it answers. Hono, the OpenAPI document and the test of the roles read the same table.
 */

/** `open`: for everybody, on a private mirror too. */
export type Access = Permission | 'open';

/** Who asks for what; `params`, `query` and `body` are parsed by the shapes of the route. */
export interface Asked<Who = Actor | undefined, Params = unknown, Query = unknown, Body = unknown> {
  /** Undefined for a stranger, where `open` or an open mirror lets one in. */
  readonly actor: Who;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly address: string | undefined;
  readonly requestId: string;
}

/** What is sent as it is. */
export interface Sent {
  readonly bytes: Uint8Array | ReadableStream<Uint8Array> | string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** JSON of a shape, or bytes of a media type. */
export type AnswerShape =
  | { readonly status?: 200 | 201 | 202; readonly says: string; readonly json: z.ZodType }
  | { readonly status?: 200; readonly says: string; readonly type: string };

export interface RequestShapes {
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  /** Parsed as it is; no body at all is `undefined`. */
  readonly body?: z.ZodType;
}

export interface AdminRoute {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** Below `/api/airlock`, with `{name}` for what `request.params` has. */
  readonly path: string;
  readonly permission: Access;
  /** Whether it changes anything: then it is audited before it takes effect. */
  readonly changes: boolean;
  /** One line for people, in the imperative. */
  readonly summary: string;
  readonly request: RequestShapes;
  readonly answer: AnswerShape;
  /** The last segment of an address below a revision: {@link revisionRoute}. */
  readonly leaf?: string;
  readonly handle: (asked: Asked) => unknown;
}

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;
type Part<Request, Name extends string> = Name extends keyof Request ? Parsed<Request[Name]> : undefined;
type Who<Needed extends Access> = Needed extends 'open' | 'read' ? Actor | undefined : Actor;
type Answered<Answer> = Answer extends { readonly json: infer S } ? Parsed<S> : Sent;

type RouteOf<Needed extends Access, Request, Answer, Params> = Omit<
  AdminRoute,
  'permission' | 'request' | 'answer' | 'handle' | 'leaf'
> & {
  readonly permission: Needed;
  readonly request: Request;
  readonly answer: Answer;
  readonly handle: (
    asked: Asked<Who<Needed>, Params, Part<Request, 'query'>, Part<Request, 'body'>>,
  ) => Answered<Answer> | Promise<Answered<Answer>>;
};

export function defineRoute<
  const Needed extends Access,
  const Request extends RequestShapes,
  const Answer extends AnswerShape,
>(route: RouteOf<Needed, Request, Answer, Part<Request, 'params'>>): AdminRoute {
  // Whoever calls it has parsed by the same shapes and checked the same permission: see mount.ts.
  return route as unknown as AdminRoute;
}

/** A route about one revision of a repo: its address is read from the raw path, where names may have slashes. */
export function revisionRoute<
  const Needed extends Access,
  const Request extends Omit<RequestShapes, 'params'>,
  const Answer extends AnswerShape,
>(
  leaf: string,
  route: Omit<RouteOf<Needed, Request, Answer, { readonly repo: Repo; readonly revision: Revision }>, 'path'>,
): AdminRoute {
  const request: RequestShapes = { ...route.request, params: revisionParams };
  return { ...route, request, path: `${REVISION_PATH}/${leaf}`, leaf } as unknown as AdminRoute;
}
