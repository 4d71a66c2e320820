// SPDX-License-Identifier: Apache-2.0
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Context } from 'hono';
import { type Actor, actorOf } from '#src/access/actor.ts';
import { originOf } from '#src/access/origin.ts';
import { lfsPointer } from '#src/domain/digest.ts';
import { AirlockError } from '#src/domain/errors.ts';
import { type Release, type ReleaseFile, upstreamDigest } from '#src/domain/release.ts';
import type { BlobStore, ByteRange } from '#src/store/blob-store.ts';
import { parseClient } from './client.ts';
import { hidesSize, tooLarge } from './large-files.ts';
import { hasTurn, outgoingOf } from './outgoing.ts';
import { parseRange } from './ranges.ts';
import { type RedirectOptions, redirectToStore } from './redirect.ts';
import { hubError } from './respond.ts';
import { sendFile } from './send-file.ts';
import { streamResponse } from './stream.ts';

export interface FileDeps {
  readonly blobs: BlobStore;
  /** Left out: every byte comes from the mirror. */
  readonly redirect?: RedirectOptions | undefined;
  /** Told of every file before its first byte leaves. What it throws is the answer. */
  readonly served?: OnServed | undefined;
}

/** `issued`: a URL of the store is given out; `asked`: HEAD, no byte. */
export type OnServed = (
  visitor: { readonly actor: Actor | undefined; readonly address: string | undefined },
  release: Release,
  file: ReleaseFile,
  how: 'whole' | 'part' | 'issued' | 'asked',
  bytes: number,
) => void;

/**
 * The bytes of one file of a release: `HEAD` and `GET /resolve`. HEAD says 200 only when the blob is there, so that GET
 * can stream at once. Never compressed, never weak: the ETag names the bytes (hub-api 2.2).
 */
export async function serveFile(c: Context, release: Release, file: ReleaseFile, deps: FileDeps): Promise<Response> {
  const { blobs, redirect } = deps;
  const etag = `"${upstreamDigest(file)}"`;
  const headers = fileHeaders(release, file, etag);
  if (matches(c.req.header('if-none-match'), etag)) return new Response(null, { status: 304, headers });
  await requireBlob(release, file, blobs);
  const client = parseClient(c.req.header('user-agent'));
  const refused = tooLarge(client, release, [file], originOf(c).baseUrl);
  if (refused) return hubError(c, refused);
  if (c.req.method === 'HEAD' && hidesSize(client, file)) return headWithoutSize(headers);
  const answer = chosenBytes(c, headers, etag, file);
  if (answer instanceof Response) return answer;
  const bytes = bytesOf(answer.range);
  const elsewhere = await redirectToStore(c, release, file, bytes, blobs, redirect);
  const isHead = c.req.method === 'HEAD';
  const how = isHead ? 'asked' : elsewhere ? 'issued' : answer.status === 200 ? 'whole' : 'part';
  deps.served?.({ actor: actorOf(c), address: originOf(c).address }, release, file, how, isHead ? 0 : bytes);
  return elsewhere ?? send(c, answer, file, blobs);
}

/** What of `size` bytes goes out, and the head of the answer. */
interface Chosen {
  readonly status: 200 | 206;
  readonly headers: Record<string, string>;
  readonly range: ByteRange;
}

/** By the `Range` header; an answer where there are no bytes to send. */
function chosenBytes(
  c: Context,
  headers: Record<string, string>,
  etag: string,
  { path, size }: Pick<ReleaseFile, 'path' | 'size'>,
): Chosen | Response {
  const asked = parseRange(rangeHeader(c, etag), size);
  switch (asked.type) {
    case 'unsatisfiable':
      return hubError(c, {
        status: 416,
        message: `[airlock] The range is outside of the ${size} bytes of ${path}.`,
        headers: { 'content-range': `bytes */${size}` },
      });
    case 'empty':
      return new Response(null, {
        status: 206,
        headers: { ...headers, 'content-length': '0', 'content-range': 'bytes */0' },
      });
    case 'part': {
      const { start, end } = asked.range;
      const length = {
        'content-length': String(bytesOf(asked.range)),
        'content-range': `bytes ${start}-${end}/${size}`,
      };
      return { status: 206, headers: { ...headers, ...length }, range: asked.range };
    }
    case 'whole':
      return {
        status: 200,
        headers: { ...headers, 'content-length': String(size) },
        range: { start: 0, end: size - 1 },
      };
  }
}

function bytesOf({ start, end }: ByteRange): number {
  return end - start + 1;
}

function headWithoutSize({ 'x-linked-size': _, ...headers }: Record<string, string>): Response {
  return new Response(null, { status: 200, headers });
}

/** Of another version than this one a client wants the whole file (RFC 9110 13.1.5). HEAD says what GET would. */
function rangeHeader(c: Context, etag: string): string | undefined {
  const ifRange = c.req.header('if-range');
  return ifRange === undefined || ifRange === etag ? c.req.header('range') : undefined;
}

/**
 * `/raw`: the text of the LFS pointer for LFS files, the bytes themselves for the others (hub-api 2.5). In ranges too:
 * @huggingface/hub finds out how long it is by `bytes=0-0`.
 */
export async function serveRaw(c: Context, release: Release, file: ReleaseFile, deps: FileDeps): Promise<Response> {
  if (!file.lfs) return serveFile(c, release, file, deps);
  const pointer = lfsPointer(file.sha256, file.size);
  const etag = `"${file.gitOid}"`;
  const headers = {
    ...fileHeaders(release, { path: file.path, size: pointer.length }, etag),
    'content-type': 'text/plain; charset=utf-8',
  };
  if (matches(c.req.header('if-none-match'), etag)) return new Response(null, { status: 304, headers });
  const answer = chosenBytes(c, headers, etag, { path: file.path, size: pointer.length });
  if (answer instanceof Response) return answer;
  const { start, end } = answer.range;
  return new Response(c.req.method === 'HEAD' ? null : new Uint8Array(pointer.subarray(start, end + 1)), answer);
}

async function send(c: Context, { status, headers, range }: Chosen, file: ReleaseFile, blobs: BlobStore) {
  if (c.req.method === 'HEAD' || file.size === 0) return new Response(null, { status, headers });
  const outgoing = outgoingOf(c);
  if (outgoing && !(await hasTurn(outgoing))) return RESPONSE_ALREADY_SENT;
  const handle = await blobs.openFile?.(file.sha256);
  if (handle) return sendFile(c, status, headers, handle, range);
  const stream = await blobs.open(file.sha256, status === 206 ? range : undefined);
  if (!stream) throw missing(file);
  return streamResponse(c, status, headers, stream);
}

async function requireBlob(release: Release, file: ReleaseFile, blobs: BlobStore): Promise<void> {
  const size = await blobs.size(file.sha256);
  if (size === file.size) return;
  throw new AirlockError(
    'blob-missing',
    `${file.path} of ${release.repo.id} is not in the store. Tell the mirror's operators.`,
    {
      path: file.path,
      sha256: file.sha256,
      expected: file.size,
      actual: size,
    },
  );
}

function missing(file: ReleaseFile): AirlockError {
  return new AirlockError('blob-missing', `${file.path} is not in the store.`, {
    path: file.path,
    sha256: file.sha256,
  });
}

function fileHeaders(
  release: Release,
  { path, size }: Pick<ReleaseFile, 'path' | 'size'>,
  etag: string,
): Record<string, string> {
  return {
    etag,
    'x-repo-commit': release.commit,
    'x-linked-etag': etag,
    'x-linked-size': String(size),
    'accept-ranges': 'bytes',
    'content-type': 'application/octet-stream',
    'x-content-type-options': 'nosniff',
    'content-disposition': disposition(path),
    // An approval can be revoked; and an edge that compresses would break resuming.
    'cache-control': 'private, max-age=0, no-transform',
  };
}

/** RFC 6266: the plain name in ASCII, the real one in `filename*`. */
function disposition(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const ascii = name.replace(/[^\x20-\x7e]|["\\]/g, '_');
  return `inline; filename*=UTF-8''${encoded}; filename="${ascii}";`;
}

/** RFC 9110 13.1.2: a list, `*`, weak comparison. */
function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
}
