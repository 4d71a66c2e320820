// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { HubRepo } from '#test/fake-hub/repo.ts';
import { parseScript } from './http-script.ts';
import { mismatches } from './script-answer.ts';

const repo = new HubRepo('models', 'acme/tiny');
repo.commit({ 'a.txt': 'hello\n', 'model.bin': 'weights' });

/** What an answer of `HTTP 200`, one header and a body is not, by line: the lines of the answer begin at 2. */
function differences(answerLines: string, body: string, method = 'GET'): string[] {
  const [one] = parseScript('x', `> GET /x\n${answerLines}\n`).cases;
  if (!one) throw new Error('no case');
  const fill = (text: string, write = (value: string) => value) => text.replaceAll('{word}', () => write('a.b'));
  const answer = {
    status: 200,
    headers: new Headers({ etag: '"x"', 'content-type': 'a.b' }),
    body: Buffer.from(body),
  };
  return mismatches(one, { method, fill, repo: () => repo }, answer).map(({ line }) => String(line));
}

describe('an answer is held to every line', () => {
  it.each([
    // Status and headers
    ['< 200', '', []],
    ['< 206', '', ['2']],
    ['< 200\n< etag: "x"', '', []],
    ['< 200\n< etag: x', '', ['3']],
    ['< 200\n< x-none: x', '', ['3']],
    ['< 200\n< etag absent', '', ['3']],
    ['< 200\n< x-none absent', '', []],
    ['< 200\n< etag ~ ^"', '', []],
    ['< 200\n< etag ~ y', '', ['3']],
    ['< 200\n< x-none ~ .*', '', ['3']],
    ['< 404\n< etag: "y"\n< content-type: {word}', '', ['2', '3']],
    // A word in a pattern stands for itself, not for a pattern.
    ['< 200\n< content-type ~ ^{word}$', '', []],
    ['< 200\nbody ~ ^{word}$', 'aXb', ['3']],
    // Bodies
    ['< 200\nbody empty', '', []],
    ['< 200\nbody empty', 'x', ['3']],
    ['< 200\nbody text a b', 'a b', []],
    ['< 200\nbody text a', 'a b', ['3']],
    ['< 200\nbody !~ b', 'a b', ['3']],
    ['< 200\nbody file a.txt', 'hello\n', []],
    ['< 200\nbody file a.txt', 'hello', ['3']],
    ['< 200\nbody bytes 1-3 of a.txt', 'ell', []],
    ['< 200\nbody bytes 1-3 of a.txt', 'ello', ['3']],
    ['< 200\nbody pointer model.bin', repo.file('model.bin').lfs?.pointer.toString() ?? '', []],
    ['< 200\nbody pointer model.bin', 'weights', ['3']],
    ['< 200\nbody pointer a.txt', 'hello\n', ['3']],
    // JSON
    ['< 200\nbody json {"a": 1}', '{"a": 1, "b": 2}', []],
    ['< 200\nbody json {"a": 1}', '{"a": 2}', ['3']],
    ['< 200\nbody json {"a": 1}', 'no json', ['3']],
    ['< 200\nbody json {"a": 1}', 'null', ['3']],
    ['< 200\nbody json {"a": null}', '{}', ['3']],
    ['< 200\nbody json {"a": "(absent)"}', '{}', []],
    ['< 200\nbody json {"a": "(absent)"}', '{"a": null}', ['3']],
    ['< 200\nbody json {"constructor": "(absent)"}', '{}', []],
    ['< 200\nbody json [1, 2]', '[1, 2]', []],
    ['< 200\nbody json [1]', '[1, 2]', ['3']],
    ['< 200\nbody json [{"a": 1}]', '[{"a": 1, "b": 2}]', []],
    ['< 200\nbody json []', '{}', ['3']],
    ['< 200\nbody json {"a": "~ ^{word}$"}', '{"a": "a.b"}', []],
    ['< 200\nbody json {"a": "~ ^{word}$"}', '{"a": "aXb"}', ['3']],
    ['< 200\nbody json {"a": "{word}"}', '{"a": "a.b"}', []],
    ['< 200\nbody json {"a": "5"}', '{"a": 5}', []],
    ['< 200\nbody json {"a": 5}', '{"a": "5"}', ['3']],
    ['< 200\nbody json\n    {"a": 1,\n     "b": 2}', '{"a": 1, "b": 3}', ['3']],
  ])('%j of %j', (lines, body, differs) => {
    expect(differences(lines, body)).toEqual(differs);
  });

  it('a HEAD to all but the body, and the type of an error', () => {
    expect(differences('< 200\n< etag: "y"\nbody file a.txt', '', 'HEAD')).toEqual(['3']);
    expect(differences('< 404\n< content-type: application/json', '', 'HEAD')).toEqual(['2']);
    expect(differences('< 200\n< content-type: application/json', '', 'HEAD')).toEqual(['3']);
  });
});
