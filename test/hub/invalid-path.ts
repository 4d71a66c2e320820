// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { encoded } from './anything.ts';

/** What no repo, no revision and no file can be called, percent-encoded. */
const NEVER = ['..', '%2e%2e', '%2E.', 'a%00b', '%00', '%ff', '%C3%28', '%', '%0a', '%5C', 'a%5Cb', '%7F', '..%2Fx'];
const NEVER_A_REPO = [
  'a--b',
  'a..b',
  '-a',
  '.a',
  'a.git',
  'a.ipynb',
  'a%20b',
  '%C3%BC',
  'a%2Fb%2Fc',
  'x'.repeat(97),
  '%2F',
];
const NEVER_A_REVISION = [
  'a..b',
  'a%20b',
  'a~1',
  'a%5Eb',
  'a%3Ab',
  '-a',
  'a.lock',
  '%40%7Bu%7D',
  'x'.repeat(256),
  '%2Fa',
];
const NEVER_A_PATH = [
  '.git',
  'sub%2F..%2Fx',
  '%2Fetc%2Fpasswd',
  'a%2F%2Fb',
  '.',
  '.GIT%2Fconfig',
  'x%2F'.repeat(70),
  'a'.repeat(1025),
];

/** Paths of every route in which the name of the repo, the revision or the file can not be one. */
export function invalidPath(): fc.Arbitrary<string> {
  const never = (more: readonly string[]) =>
    fc.oneof(
      fc.constantFrom(...NEVER, ...more),
      fc.string({ unit: 'binary', maxLength: 20 }).map((text) => `${encoded(text)}%00`),
    );
  const prefix = fc.constantFrom('', '/datasets', '/spaces');
  const kind = fc.constantFrom('models', 'datasets', 'spaces');
  const bytes = fc.constantFrom('resolve', 'raw');
  const call = fc.constantFrom('revision', 'tree', 'paths-info', 'commits');
  return fc.oneof(
    fc.tuple(prefix, never(NEVER_A_REPO), bytes).map(([at, name, route]) => `${at}/acme/${name}/${route}/main/x`),
    fc.tuple(kind, never(NEVER_A_REPO), call).map(([at, name, route]) => `/api/${at}/acme/${name}/${route}/main`),
    fc.tuple(kind, never(NEVER_A_REPO)).map(([at, name]) => `/api/${at}/acme/${name}`),
    fc.tuple(prefix, bytes, never(NEVER_A_REVISION)).map(([at, route, rev]) => `${at}/acme/new/${route}/${rev}/x`),
    fc.tuple(kind, call, never(NEVER_A_REVISION)).map(([at, route, rev]) => `/api/${at}/acme/new/${route}/${rev}`),
    fc.tuple(prefix, bytes, never(NEVER_A_PATH)).map(([at, route, path]) => `${at}/acme/new/${route}/main/${path}`),
    fc.tuple(kind, never(NEVER_A_PATH)).map(([at, path]) => `/api/${at}/acme/new/tree/main/${path}`),
  );
}
