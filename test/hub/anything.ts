// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';

/** What a stranger may send to the Hub door: likely words, hostile ones, and noise, in all combinations. */
export interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const REPOS = [
  'acme/tiny',
  'acme/odd',
  'acme/mixed',
  'acme/many-refs',
  'acme/hostile',
  'acme/held',
  'acme/nc',
  'acme/revoked',
  'acme/rejected',
  'forbidden/tiny',
  'acme/tiny-data',
  'acme%2Ftiny',
  'acme',
  'acme/nobody',
];
const ROUTES = [
  'resolve',
  'raw',
  'blob',
  'revision',
  'tree',
  'refs',
  'paths-info',
  'commits',
  'auth-check',
  'info',
  'info/refs',
  'info/lfs/objects/batch',
  'git-upload-pack',
  'xet-read-token',
  'resolve-cache',
  'discussions',
];
const REVISIONS = ['main', 'HEAD', 'v1.0', 'old', 'refs/pr/1', 'refs%2Fpr%2F1', 'refs%2Fheads%2Fmain', 'feature%2Fx'];
const FILES = [
  'config.json',
  'model.safetensors',
  'pytorch_model.bin',
  'empty.txt',
  'README.md',
  'sub',
  'sub%2Fnotes.txt',
  'sub/with%20space%20and%20%C3%BC.txt',
  'data/train.csv',
];
const HOSTILE = [
  '..',
  '.',
  '%2e%2e',
  '..%2F..%2Fmain',
  '%00',
  '%ff',
  '%',
  '%0d%0aX-Evil:1',
  '.git',
  'a b',
  '\\',
  '%5C..',
  'a--b',
  '-x',
  '',
  '__proto__',
  'x'.repeat(300),
  'f'.repeat(40),
  'api',
  'v2',
  'models',
  'datasets',
  'resolve',
  '{commit}',
  '~',
  '@',
  '%F0%9F%98%80',
  '😀',
];
const PREFIXES = ['', '/', '/api/models', '/api/datasets', '/datasets', '/api/spaces', '/spaces', '/kernels', '/api'];
const LONE = [
  '/api/models',
  '/api/datasets',
  '/api/whoami-v2',
  '/api/agent-harnesses',
  '/api/telemetry/x',
  '/v2/acme/tiny/manifests/latest',
  '/api/buckets/acme/x',
  '/',
];
const QUERIES = [
  '',
  '?',
  '?recursive=true&expand=1',
  '?recursive=true&limit=1&cursor=x',
  '?limit=-1',
  '?limit=99999999999999999999',
  '?cursor=%00&limit=0',
  '?blobs=true&securityStatus=true',
  '?expand=sha&expand=__proto__',
  '?expand[]=sha',
  '?search=%25_%27%22%5C&author=..&filter=x&sort=y&direction=9',
  '?recursive=%',
  '?x=../..',
  '?service=git-upload-pack',
  '#x',
];
const HEADERS: readonly Readonly<Record<string, string>>[] = [
  {},
  { range: 'bytes=0-0' },
  { range: 'bytes=5-' },
  { range: 'bytes=-7' },
  { range: 'bytes=3-1' },
  { range: 'bytes=0-1,5-6' },
  { range: 'bytes=999999999999999999999-' },
  { range: 'bytes=0-0', 'if-range': '"x"' },
  { 'if-none-match': '*' },
  { 'if-none-match': '"", W/"' },
  { 'user-agent': 'unknown/None; hf_hub/2.4.0; python/3.11', 'x-hf-download-counter': '1' },
  { 'user-agent': 'hf_hub/99999999.x; llama-cpp' },
  { authorization: 'Bearer hf_somebodyElsesToken0000000000000000000' },
  { authorization: 'Basic Og==' },
  { 'x-http-method-override': 'DELETE' },
  { 'x-original-url': '/acme/hostile/resolve/main/pytorch_model.bin', 'x-forwarded-prefix': '/..' },
  { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'javascript', forwarded: 'host=evil.example' },
  { host: 'evil.example' },
  { 'content-type': 'application/json' },
  { 'content-type': 'multipart/form-data; boundary=x' },
  { 'content-type': 'application/x-www-form-urlencoded' },
  { 'accept-encoding': 'gzip, br', accept: 'text/html' },
];
const BODIES = [
  '',
  '{',
  '{"paths": "config.json"}',
  '{"paths": [null]}',
  '{"paths": ["__proto__", "sub", "../x"], "expand": true}',
  'paths=config.json&paths=sub',
  'paths[__proto__]=x',
  '--x\r\n',
  'null',
  '[]',
];
const METHODS = [
  'GET',
  'GET',
  'GET',
  'GET',
  'GET',
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'PATCH',
  'OPTIONS',
  'PROPFIND',
];

/** A segment of a path: mostly one of these words, at times hostile, at times any letters at all. */
function segment(likely: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...likely) },
    { weight: 3, arbitrary: fc.constantFrom(...HOSTILE) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }).map(encoded) },
  );
}

/** As a client would send it: lone halves of characters have no encoding. */
export function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** Any request; `commits` are revisions beside the ones with names. */
export function anyRequest(commits: readonly string[]): fc.Arbitrary<Request> {
  return fc.record({
    method: fc.constantFrom(...METHODS),
    path: anyPath(commits),
    headers: fc.constantFrom(...HEADERS),
    body: fc.constantFrom(...BODIES),
  });
}

export function anyPath(commits: readonly string[]): fc.Arbitrary<string> {
  const revision = segment([...REVISIONS, ...commits]);
  const query = fc.constantFrom(...QUERIES);
  const parts = fc.tuple(
    fc.constantFrom(...PREFIXES),
    segment(REPOS),
    segment(ROUTES),
    revision,
    segment(FILES),
    query,
  );
  const path = parts.map(([prefix, ...rest]) => [prefix, ...rest.slice(0, -1)].join('/') + (rest.at(-1) ?? ''));
  // Half of what is asked begins well: otherwise hardly any answer would have a file in it.
  const begun = fc
    .tuple(
      fc.constantFrom(
        '/acme/tiny',
        '/acme/tiny',
        '/acme/mixed',
        '/acme/revoked',
        '/acme/hostile',
        '/datasets/acme/tiny-data',
      ),
      fc.constantFrom('resolve', 'raw'),
      fc.oneof({ weight: 3, arbitrary: fc.constantFrom('main', 'HEAD', 'refs%2Fpr%2F1') }, fc.constantFrom(...commits)),
      segment(FILES),
    )
    .map((words) => words.join('/'));
  const loose = fc
    .array(segment([...REPOS, ...ROUTES, ...FILES]), { maxLength: 9 })
    .map((words) => `/${words.join('/')}`);
  const lone = fc.tuple(fc.constantFrom(...LONE), query).map((words) => words.join(''));
  return fc.oneof({ weight: 5, arbitrary: path }, { weight: 8, arbitrary: begun }, loose, lone).map(sendable);
}

/** Spaces and letters outside of ASCII do not come through a socket as they are. */
function sendable(path: string): string {
  return path.toWellFormed().replace(/[^\x21-\x7e]/gu, encoded);
}
