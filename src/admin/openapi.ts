// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { PERMISSIONS, rolesWith } from '#src/access/permissions.ts';
import { type AdminRoute, defineRoute } from './route.ts';

type Json = Record<string, unknown>;

/** Of the API, which grows and is compatible; not of the program. */
const VERSION = '1';
const ROOT = '/api/airlock';

/** The description of all of these routes and of itself. */
export function openapiRoute(routes: readonly AdminRoute[]): AdminRoute {
  const self = defineRoute({
    method: 'get',
    path: '/openapi.json',
    permission: 'open',
    changes: false,
    summary: 'Describe this API in OpenAPI 3.1',
    request: {},
    answer: { says: 'This document', json: z.looseObject({ openapi: z.string() }) },
    handle: () => ({ openapi: '3.1.0', ...document }),
  });
  const document = describeRoutes([...routes, self]);
  return self;
}

function describeRoutes(routes: readonly AdminRoute[]): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = ROOT + route.path;
    paths[path] = { ...paths[path], [route.method]: operation(route) };
  }
  return {
    info: {
      title: 'Hub Airlock',
      version: VERSION,
      description: 'What a security team decides, and what lets others verify it.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: { Error: jsonSchema(errorShape, 'output') },
      responses: { Error: { description: ERROR_TEXT, content: json({ $ref: '#/components/schemas/Error' }) } },
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'A token of this mirror.' } },
    },
    'x-airlock-permissions': Object.fromEntries(PERMISSIONS.map((one) => [one, { roles: rolesWith(one) }])),
  };
}

const ERROR_TEXT = 'What is wrong, why, and what to do next; the header X-Error-Message says the same in one line.';
const errorShape = z.object({ error: z.string(), code: z.string().optional() });

function operation(route: AdminRoute): Json {
  const { permission, request, summary, changes } = route;
  return {
    operationId: operationId(route),
    summary,
    // On an open mirror what is for readers is for everybody.
    security: permission === 'open' ? [] : permission === 'read' ? [{}, { token: [] }] : [{ token: [] }],
    'x-airlock-permission': permission,
    'x-airlock-changes': changes,
    parameters: [...parameters(request.params, 'path'), ...parameters(request.query, 'query')],
    ...(request.body ? { requestBody: requestBody(request.body) } : {}),
    responses: { ...success(route), ...failures(route), default: ERROR },
  };
}

const ERROR = { $ref: '#/components/responses/Error' };

/** `post /tokens/{id}` is `postTokensId`. */
function operationId({ method, path }: AdminRoute): string {
  return method + path.replace(/[^A-Za-z0-9]+(.?)/g, (_, letter: string) => letter.toUpperCase());
}

function parameters(shape: z.ZodObject | undefined, place: 'path' | 'query'): Json[] {
  if (!shape) return [];
  const { properties = {}, required = [] } = jsonSchema(shape, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema,
  }));
}

function requestBody(shape: z.ZodType): Json {
  return { required: !shape.safeParse(undefined).success, content: json(jsonSchema(shape, 'input')) };
}

function success({ answer }: AdminRoute): Json {
  const content = 'json' in answer ? json(jsonSchema(answer.json, 'input')) : { [answer.type]: {} };
  return { [String(answer.status ?? 200)]: { description: answer.says, content } };
}

function failures({ permission, request }: AdminRoute): Json {
  return {
    ...(request.params || request.query || request.body ? { 400: ERROR } : {}),
    ...(permission === 'open' ? {} : { 401: ERROR, 403: ERROR }),
    ...(request.params ? { 404: ERROR } : {}),
  };
}

function json(schema: Json): Json {
  return { 'application/json': { schema } };
}

/** Both are JSON Schema 2020-12. What only code can check (a name that is reserved) is left out. */
function jsonSchema(shape: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...schema } = z.toJSONSchema(shape, { io, unrepresentable: 'any' });
  return schema;
}
