// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { gitOidOf, lfsPointer, parseSha256 } from '#src/domain/digest.ts';
import {
  COMMIT,
  clientOf,
  codeOf,
  errorOf,
  fileOf,
  listAll,
  resolve,
  sendJson,
  sha256From,
  sourceOf,
  useOddServer,
} from './client.ts';

const hub = useOddServer();
const other = useOddServer();
const OID = 'a'.repeat(40);
const SHA = 'b'.repeat(64);
const POINTER = lfsPointer(parseSha256(SHA), 4);
const INFO = { id: 'acme/tiny', sha: COMMIT };
const source = sourceOf();
const FILE = { type: 'file', path: 'weights.bin', oid: OID, size: 4, lfs: { oid: SHA, size: 4, pointerSize: 120 } };
const listing = (entries: unknown) => {
  hub.handle = (_req, res) => sendJson(res, entries);
  return listAll(clientOf(hub.url), source);
};

describe('an answer that is no hub’s', () => {
  it.each([
    ['a login page', '<html>Please log in</html>'],
    ['another API', '{"hello": "world"}'],
    ['no commit', JSON.stringify({ ...INFO, sha: 'main' })],
    ['an empty body', ''],
    ['a repo that can not be', JSON.stringify({ ...INFO, id: '../../etc' })],
    ['a null', 'null'],
  ])('is refused: %s', async (_name, body) => {
    hub.handle = (_req, res) => void res.writeHead(200).end(body);
    expect(await codeOf(resolve(clientOf(hub.url), 'acme/tiny'))).toBe('upstream-invalid');
    expect(hub.seen).toHaveLength(1);
  });

  it('is refused when it names another commit than the one that was asked for', async () => {
    hub.handle = (_req, res) => sendJson(res, { ...INFO, sha: 'd'.repeat(40) });
    expect(await codeOf(resolve(clientOf(hub.url), 'acme/tiny', COMMIT))).toBe('upstream-invalid');
  });

  it('is refused when it is too large, without reading it all', async () => {
    let sent = 0;
    const piece = Buffer.alloc(2 ** 20, 0x20);
    hub.handle = (_req, res) => {
      res.writeHead(200);
      const pump = () => {
        while (!res.destroyed && sent < 512 * piece.length) {
          sent += piece.length;
          if (!res.write(piece)) return void res.once('drain', pump);
        }
        res.end();
      };
      pump();
    };
    const error = await errorOf(resolve(clientOf(hub.url, { requestTimeoutSeconds: 30 }), 'acme/tiny'));
    expect(error.code).toBe('upstream-invalid');
    expect(error.message).toContain('larger than');
    expect(sent).toBeLessThan(128 * piece.length);
  });

  it('is asked for again when it breaks off', async () => {
    hub.handle = (_req, res) => {
      if (hub.seen.length > 1) return sendJson(res, INFO);
      res.writeHead(200, { 'content-length': 1000 }).write('{"id"');
      setTimeout(() => res.destroy(), 50);
    };
    expect((await resolve(clientOf(hub.url), 'acme/tiny')).commit).toBe(COMMIT);
  });
});

it('a repo that upstream has disabled is not to be had, whichever way it says so', async () => {
  const upstream = clientOf(hub.url);
  hub.handle = (_req, res) => sendJson(res, { ...INFO, disabled: true });
  expect(await codeOf(resolve(upstream, 'acme/tiny'))).toBe('upstream-gated');
  const headers = { 'x-error-message': 'Access to this resource is disabled.' };
  hub.handle = (_req, res) => void res.writeHead(403, headers).end();
  expect(await codeOf(resolve(upstream, 'acme/tiny'))).toBe('upstream-gated');
});

describe('a listing', () => {
  it.each([
    '../../etc/passwd',
    '/etc/passwd',
    'a/../b',
    'a//b',
    './a',
    '',
    'a\\b',
    'a\0b',
    'a\nb',
    '.git/config',
    'x'.repeat(2000),
    '\ud800',
  ])('with the path %j is invalid', async (path) => {
    expect(await codeOf(listing([FILE, { ...FILE, path }]))).toBe('upstream-listing-invalid');
  });

  it.each([
    ['no digest', { oid: undefined }],
    ['a digest that is none', { oid: 'xyz' }],
    ['an upper-case digest', { oid: OID.toUpperCase() }],
    ['a size below zero', { size: -1, lfs: undefined }],
    ['a size that is none', { size: 1.5, lfs: undefined }],
    ['a size beyond numbers', { size: 1e300, lfs: undefined }],
    ['a size as text', { size: '4', lfs: undefined }],
    ['an LFS digest that is none', { lfs: { ...FILE.lfs, oid: OID } }],
    ['two sizes', { lfs: { ...FILE.lfs, size: 5 } }],
    ['a blob id that is not that of the LFS pointer', { lfs: { ...FILE.lfs, pointerSize: POINTER.length } }],
  ])('with %s is invalid', async (_name, change) => {
    expect(await codeOf(listing([{ ...FILE, ...change }]))).toBe('upstream-listing-invalid');
  });

  it.each([
    ['an object', {}],
    ['a null', null],
    ['a list of nulls', [null]],
    ['a text', 'log in first'],
    ['a list of entries of no type', [{ path: 'a' }]],
  ])('that is %s instead is upstream’s failure, which says nothing about the commit', async (_name, entries) => {
    expect(await codeOf(listing(entries))).toBe('upstream-invalid');
  });

  it('of an LFS file has the blob id of its pointer, but where the pointer has another form', async () => {
    const lfs = { ...FILE.lfs, pointerSize: POINTER.length };
    expect(await listing([{ ...FILE, oid: gitOidOf(POINTER), lfs }])).toHaveLength(1);
    expect(await listing([FILE])).toHaveLength(1);
    expect(FILE.lfs.pointerSize).not.toBe(POINTER.length);
  });

  it('is followed by whatever spelling of the next page', async () => {
    const links = [
      (path: string) => `<${hub.url}${path}>; rel="next"`,
      (path: string) => `<${hub.url}${path}>;rel="next"`,
      (path: string) => `<${path}>; rel=next`,
      (path: string) => `<${hub.url}/first>; rel="first", <${path}>; title="more"; rel="next"`,
    ];
    for (const link of links) {
      hub.handle = (req, res) =>
        req.url?.includes('cursor')
          ? sendJson(res, [{ ...FILE, path: 'second' }])
          : sendJson(res, [FILE], { link: link(`${req.url}&cursor=2`) });
      const files = await listAll(clientOf(hub.url), source);
      expect(
        files.map(({ path }) => String(path)),
        link('/x'),
      ).toEqual(['weights.bin', 'second']);
    }
  });

  it('whose next page is on another host is not followed there', async () => {
    hub.handle = (_req, res) => sendJson(res, [FILE], { link: `<${other.url}/page2>; rel="next"` });
    expect(await codeOf(listAll(clientOf(hub.url, { token: 'hf_secret' }), source))).toBe('upstream-invalid');
    expect(other.seen).toEqual([]);
  });

  it('that links in a circle ends', { timeout: 120_000 }, async () => {
    hub.handle = (_req, res) => sendJson(res, [], { link: `<${hub.url}/again>; rel="next"` });
    const error = await errorOf(listAll(clientOf(hub.url), source));
    expect(error.code).toBe('upstream-invalid');
    expect(error.message).toContain('pages');
  });
});

describe('a redirect', () => {
  it('in a circle, without a target, or to another scheme is refused', async () => {
    const upstream = clientOf(hub.url);
    for (const location of ['/again', undefined, 'ftp://127.0.0.1/x', 'http://', 'file:///etc/passwd']) {
      hub.handle = (_req, res) => void res.writeHead(302, location === undefined ? {} : { location }).end();
      expect(await codeOf(resolve(upstream, 'acme/tiny')), String(location)).toBe('upstream-invalid');
    }
    expect(hub.seen.length).toBeLessThan(15);
  });

  it('to another port carries no token, and neither does the way back', async () => {
    hub.handle = (_req, res) => void res.writeHead(307, { location: `${other.url}/moved` }).end();
    other.handle = (_req, res) => sendJson(res, INFO);
    await resolve(clientOf(hub.url, { token: 'hf_secret' }), 'acme/tiny');
    expect(hub.seen[0]?.headers.authorization).toBe('Bearer hf_secret');
    expect(other.seen).toHaveLength(1);
    expect(other.seen[0]?.headers.authorization).toBeUndefined();
  });
});

it('connections are used again, though every file is behind a redirect', async () => {
  const sockets = new Set<unknown>();
  hub.handle = (req, res) => {
    sockets.add(req.socket);
    if (req.url?.startsWith('/final')) return void res.writeHead(200, { 'content-length': 4 }).end('data');
    if (req.url?.startsWith('/api/')) return sendJson(res, [FILE]);
    res.writeHead(307, { location: '/final', 'content-length': 9 }).end('this way:');
  };
  const upstream = clientOf(hub.url);
  const file = await fileOf(upstream, source, 'weights.bin');
  for (let i = 0; i < 20; i++) await sha256From(upstream, source, file);
  expect(hub.seen).toHaveLength(41);
  expect(sockets.size).toBeLessThan(5);
});

describe('a file', () => {
  const open = async (status: number, headers: Record<string, string>, body = 'data', offset = 0) => {
    hub.handle = (req, res) => {
      if (req.url?.startsWith('/api/')) return sendJson(res, [FILE]);
      res.writeHead(status, headers).end(body);
    };
    const upstream = clientOf(hub.url, { tries: 1 });
    return sha256From(upstream, source, await fileOf(upstream, source, 'weights.bin'), offset);
  };

  it('from another commit, or promised another digest than the listing did, is refused', async () => {
    const good = { 'x-repo-commit': COMMIT, 'x-linked-etag': `"${SHA}"` };
    expect((await open(200, good)).size).toBe(4);
    expect(await codeOf(open(200, { ...good, 'x-repo-commit': 'd'.repeat(40) }))).toBe('upstream-invalid');
    expect(await codeOf(open(200, { ...good, 'x-linked-etag': `"${'e'.repeat(64)}"` }))).toBe('upstream-invalid');
    expect(await codeOf(open(200, { ...good, 'x-linked-etag': `W/"${OID}"` }))).toBe('upstream-invalid');
  });

  it('that comes whole although a range was asked for starts at 0', async () => {
    expect(await open(200, {}, 'data', 2)).toMatchObject({ start: 0, size: 4 });
  });

  it.each(['bytes 0-1/4', 'bytes 1-3/4', 'bytes 2-3/5', 'bytes 2-3', 'items 2-3/4', ''])(
    'from 2 on with Content-Range %j is refused',
    async (range) => {
      expect(await codeOf(open(206, range === '' ? {} : { 'content-range': range }, 'ta', 2))).toBe('upstream-invalid');
      expect(await open(206, { 'content-range': 'bytes 2-3/4' }, 'ta', 2)).toMatchObject({ start: 2, size: 2 });
      expect(await open(206, { 'content-range': 'bytes 2-3/*' }, 'ta', 2)).toMatchObject({ start: 2, size: 2 });
    },
  );
});
