// SPDX-License-Identifier: Apache-2.0
import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';

/** What clients in a page read of an answer (hub-api 2.2). */
const READ = [
  ...[
    'X-Repo-Commit',
    'X-Request-Id',
    'X-Error-Code',
    'X-Error-Message',
    'X-HF-Warning',
    'X-Total-Count',
    'Retry-After',
  ],
  ...['ETag', 'Link', 'Accept-Ranges', 'Content-Range', 'X-Linked-Size', 'X-Linked-ETag'],
];
const PREFLIGHT_SECONDS = 600;

/**
 * Let JavaScript of the named web pages read here (the Fetch standard, "CORS protocol"): @huggingface/transformers in a
 * browser. For no other page: whatever a person visits could read a mirror that only their network reaches.
 */
export function browserPages(origins: readonly string[]): MiddlewareHandler {
  if (origins.length === 0) return (_, next) => next();
  return cors({
    origin: [...origins],
    allowMethods: ['GET', 'HEAD', 'POST'],
    allowHeaders: ['Authorization', 'Content-Type', 'If-None-Match', 'Range'],
    exposeHeaders: READ,
    maxAge: PREFLIGHT_SECONDS,
  });
}
