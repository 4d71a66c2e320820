// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http';
import { isKind, type Kind } from './repo.ts';

/** A request of the Hub's URL space, taken apart. Segments are decoded one by one, so `%2F` stays inside its segment. */
export interface Asked {
  readonly class: 'info' | 'refs' | 'commits' | 'tree' | 'paths-info' | 'resolve' | 'resolve-cache';
  readonly kind: Kind;
  readonly repo: string;
  readonly revision: string;
  /** A file, or a folder of a tree; empty where there is none. */
  readonly path: string;
}

export function parseUrl(rawUrl: string): { asked?: Asked; query: URLSearchParams } {
  const [rawPath = '', rawQuery = ''] = rawUrl.split('?', 2);
  const query = new URLSearchParams(rawQuery);
  const segments = rawPath.split('/').slice(1).map(decode);
  const asked = segments[0] === 'api' ? parseApi(segments.slice(1)) : parseFile(segments);
  return asked ? { asked, query } : { query };
}

const CALLS = new Set(['revision', 'refs', 'commits', 'tree', 'paths-info', 'resolve']);

function parseApi(segments: string[]): Asked | undefined {
  const resolveCache = segments[0] === 'resolve-cache';
  const [kind = '', ...rest] = resolveCache ? segments.slice(1) : segments;
  if (!isKind(kind)) return undefined;
  if (resolveCache) return parseResolveCache(kind, rest);
  const { repo, rest: after } = takeRepo(rest);
  const [call, ...more] = after;
  if (!repo) return undefined;
  const { revision, path } = splitRevision(more);
  if (call === undefined) return { class: 'info', kind, repo, revision: 'main', path };
  if (call === 'revision' && path === '') return { class: 'info', kind, repo, revision, path };
  if (call === 'refs' && more.length === 0) return { class: 'refs', kind, repo, revision: 'main', path };
  if (call === 'commits') return { class: 'commits', kind, repo, revision, path };
  if (call === 'tree' || call === 'paths-info') return { class: call, kind, repo, revision, path };
  return undefined;
}

function parseResolveCache(kind: Kind, segments: string[]): Asked | undefined {
  const at = segments.findIndex((segment) => /^[0-9a-f]{40}$/.test(segment));
  const [repo, revision = ''] = [segments.slice(0, at).join('/'), segments[at]];
  return at < 1 ? undefined : { class: 'resolve-cache', kind, repo, revision, path: segments.slice(at + 1).join('/') };
}

function parseFile(segments: string[]): Asked | undefined {
  const [first = ''] = segments;
  const kind = isKind(first) && first !== 'models' ? first : 'models';
  const { repo, rest } = takeRepo(kind === 'models' ? segments : segments.slice(1));
  const [call, ...more] = rest;
  if (call !== 'resolve' || !repo) return undefined;
  return { class: 'resolve', kind, repo, ...splitRevision(more) };
}

/** `org/name`, or a legacy name alone: a repo may itself be called `revision`, and then has a call behind its name. */
function takeRepo(segments: string[]): { repo: string; rest: string[] } {
  const [, second, third = ''] = segments;
  const length = second === undefined || (CALLS.has(second) && !CALLS.has(third)) ? 1 : 2;
  return { repo: segments.slice(0, length).join('/'), rest: segments.slice(length) };
}

/** The JavaScript client sends `refs/pr/1` and `refs/convert/x` unescaped: three segments are one revision then. */
function splitRevision(segments: string[]): { revision: string; path: string } {
  const long = segments[0] === 'refs' && /^(?:pr|convert|heads|tags)$/.test(segments[1] ?? '');
  const length = long ? 3 : 1;
  return { revision: segments.slice(0, length).join('/'), path: segments.slice(length).join('/') };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

export function bearer(request: IncomingMessage): string | undefined {
  return /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
}

/** `undefined`: no range asked for. `unsatisfiable`: answer 416. Ends past the file are clamped. */
export function parseRange(
  header: string | undefined,
  size: number,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  if (match[1] === '') return { start: Math.max(0, size - Number(match[2])), end: size };
  const start = Number(match[1]);
  const end = match[2] === '' ? size : Math.min(Number(match[2]) + 1, size);
  return start >= size || start >= end ? 'unsatisfiable' : { start, end };
}
