// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { HubRepo } from '#test/fake-hub/repo.ts';
import type { BodyLine, Case, HeaderLine } from './http-script.ts';
import { bytesOf, type Fill, fileOf } from './script-words.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** A line of a script that an answer does not match. */
export interface Mismatch {
  readonly line: number;
  readonly expected: string;
  readonly actual: string;
}

/**
 * Everything in which an answer differs from a case. A HEAD is held to the same status and headers as a GET, without
 * the body; of an error its type is text (hub-api 4.3), whatever that of the GET is.
 */
export function mismatches(
  { status, headers, body }: Case,
  { method, fill, repo }: { method: string; fill: Fill; repo: () => HubRepo },
  answer: Answer,
): Mismatch[] {
  const found: (Mismatch | undefined)[] = [];
  if (answer.status !== status.value)
    found.push({ line: status.line, expected: String(status.value), actual: String(answer.status) });
  const isHead = method === 'HEAD';
  for (const header of headers)
    if (!(isHead && status.value >= 400 && /^content-(?:type|length)$/.test(header.name)))
      found.push(headerMismatch(header, fill, answer.headers.get(header.name)));
  if (!isHead) for (const line of body) found.push(bodyMismatch(line, fill, repo, answer.body));
  return found.filter((mismatch) => mismatch !== undefined);
}

function headerMismatch({ line, name, is, value }: HeaderLine, fill: Fill, actual: string | null) {
  const differs = (expected: string) => ({ line, expected: `${name} ${expected}`, actual: actual ?? '(absent)' });
  if (is === 'absent') return actual === null ? undefined : differs('absent');
  if (is === 'exact') return actual === fill(value) ? undefined : differs(`"${fill(value)}"`);
  const pattern = patternOf(value, fill);
  return actual !== null && pattern.test(actual) ? undefined : differs(`~ ${pattern.source}`);
}

function bodyMismatch({ line, is, value }: BodyLine, fill: Fill, repo: () => HubRepo, body: Buffer) {
  const differs = (expected: string, actual = shown(body)) => ({ line, expected, actual });
  const isBytes = (expected: Buffer) =>
    body.equals(expected) ? undefined : differs(`${is} ${value}: ${digestText(expected)}`, digestText(body));
  switch (is) {
    case 'empty':
      return body.length === 0 ? undefined : differs('an empty body');
    case 'text':
      return body.toString() === fill(value) ? undefined : differs(fill(value));
    case 'pattern':
      return patternOf(value, fill).test(body.toString()) ? undefined : differs(`~ ${value}`);
    case 'no pattern':
      return patternOf(value, fill).test(body.toString()) ? differs(`!~ ${value}`) : undefined;
    case 'file':
      return isBytes(bytesOf(fileOf(repo(), value)));
    case 'pointer':
      return isBytes(fileOf(repo(), value).lfs?.pointer ?? Buffer.from(`${value} is not an LFS file`));
    case 'bytes': {
      const [, start, end, path = ''] = /^(\d+)-(\d+) of (.+)$/.exec(value) ?? [];
      return isBytes(bytesOf(fileOf(repo(), path), Number(start), Number(end) + 1));
    }
    case 'json':
      return jsonMismatch(JSON.parse(value), parsed(body), fill, '$', line);
  }
}

/**
 * Objects may hold more than is named, arrays may not. A string that begins with `~ ` is a pattern, and `(absent)`
 * stands for a key that must not be there.
 */
function jsonMismatch(expected: unknown, actual: unknown, fill: Fill, at: string, line: number): Mismatch | undefined {
  const differs = { line, expected: `${at}: ${JSON.stringify(expected)}`, actual: shown(JSON.stringify(actual) ?? '') };
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length) return differs;
    return first(expected.map((item, i) => jsonMismatch(item, actual[i], fill, `${at}[${i}]`, line)));
  }
  if (typeof expected === 'object' && expected !== null) {
    if (typeof actual !== 'object' || actual === null) return differs;
    const members = actual as Record<string, unknown>;
    return first(
      Object.entries(expected).map(([key, value]) =>
        jsonMismatch(value, Object.hasOwn(members, key) ? members[key] : '(absent)', fill, `${at}.${key}`, line),
      ),
    );
  }
  if (typeof expected !== 'string') return expected === actual ? undefined : differs;
  if (expected.startsWith('~ '))
    return typeof actual === 'string' && patternOf(expected.slice(2), fill).test(actual) ? undefined : differs;
  // A number is written as a word too: {"size": "{size config.json}"}.
  return fill(expected) === (typeof actual === 'number' ? String(actual) : actual) ? undefined : differs;
}

function first(found: (Mismatch | undefined)[]): Mismatch | undefined {
  return found.find((mismatch) => mismatch !== undefined);
}

function patternOf(text: string, fill: Fill): RegExp {
  return new RegExp(fill(text, (value) => value.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')));
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return `no JSON: ${shown(body)}`;
  }
}

function shown(body: Buffer | string): string {
  const text = body.toString();
  return text.length > 300 ? `${text.slice(0, 300)}... (${text.length})` : text;
}

function digestText(bytes: Buffer): string {
  return `${bytes.length} bytes, sha256 ${createHash('sha256').update(bytes).digest('hex')}`;
}
