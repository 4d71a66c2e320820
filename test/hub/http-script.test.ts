// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { parseScript, pathsOf } from './http-script.ts';

const EXAMPLE = `# About the file.

@world impatient
@repo acme/tiny

# The title
# has two lines.
> GET|HEAD /acme/../tiny/%2e%2e//x?y=1
> range: bytes=0-0
> POST /api/models/acme/tiny/paths-info/main
> content-type: application/json
>> {"paths":
>> []}
< 206
< etag: "{etag x}"
< x-request-id ~ ^[0-9a-f]{36}$
< content-encoding absent
body json {
    "a": 1
  }
body !~ b

> GET /without/a/title
< 404
body empty
`;

describe('a script', () => {
  const script = parseScript('example.http.txt', EXAMPLE);
  const [first, second] = script.cases;

  it('is read case by case, and each line knows its number', () => {
    expect(script).toMatchObject({ name: 'example.http.txt', world: 'impatient' });
    expect(script.cases).toHaveLength(2);
    expect(first).toMatchObject({
      ...{ title: 'The title has two lines.', line: 8, repo: 'acme/tiny' },
      status: { line: 14, value: 206 },
      headers: [
        { line: 15, name: 'etag', is: 'exact', value: '"{etag x}"' },
        { line: 16, name: 'x-request-id', is: 'pattern', value: '^[0-9a-f]{36}$' },
        { line: 17, name: 'content-encoding', is: 'absent' },
      ],
    });
    expect(second).toMatchObject({ title: 'GET /without/a/title', status: { value: 404 }, body: [{ is: 'empty' }] });
  });

  it('has its paths as they are written, and bodies of several lines', () => {
    expect(first?.requests).toMatchObject([
      { methods: ['GET', 'HEAD'], path: '/acme/../tiny/%2e%2e//x?y=1', headers: [['range', 'bytes=0-0']] },
      { methods: ['POST'], headers: [['content-type', 'application/json']], body: '{"paths":\n[]}' },
    ]);
    expect(first?.body).toMatchObject([
      { is: 'json', line: 18 },
      { is: 'no pattern', value: 'b' },
    ]);
    expect(JSON.parse(first?.body[0]?.value ?? '')).toEqual({ a: 1 });
  });
});

describe('a script that can not be read is an error that names the line', () => {
  it.each([
    ['nothing', '', 'x:1: the script holds no request'],
    ['comments alone', '# a\n\n# b\n', 'x:4: the script holds no request'],
    ['no answer', '> GET /x\n', 'x:2: a request without an answer'],
    ['no answer, and another case', '> GET /x\n\n> GET /y\n< 200\n', 'x:2: a request without an answer'],
    ['an answer alone', '< 200\n', 'x:1: an answer without a request'],
    ['no status', '> GET /x\n< etag: "x"\n', 'x:2: an answer begins with its status'],
    ['a status that is none', '> GET /x\n< 99\n', 'x:2: an answer begins with its status'],
    ['a second status', '> GET /x\n< 200\n< 404\n', 'x:3: none of'],
    ['a request behind the answer', '> GET /x\n< 200\n> GET /y\n', 'x:3: a request behind an answer'],
    ['a header behind the answer', '> GET /x\n< 200\n> range: x\n', 'x:3: no request begins above'],
    ['a header before the request', '> range: x\n', 'x:1: no request begins above'],
    ['a path without a slash', '> GET x\n', 'x:1: neither'],
    ['a method in small letters', '> get /x\n', 'x:1: neither'],
    ['a body that says nothing known', '> GET /x\n< 200\nbody is big\n', 'x:3: a body is: empty'],
    ['a body without an answer', '> GET /x\nbody empty\n', 'x:2: a body without a status'],
    ['an indented line', '> GET /x\n< 200\n  x\n', 'x:3: an indented line'],
    ['a line that is nothing', '> GET /x\n< 200\nGET /y\n', 'x:3: "GET /y" is none of'],
    ['a comment inside', '> GET /x\n# x\n< 200\n', 'x:2: a comment inside'],
    ['a setting inside', '> GET /x\n@repo x\n', 'x:2: a setting inside'],
    ['an unknown setting', '@host x\n', 'x:1: @host is neither'],
    ['a setting without a name', '@repo\n', 'x:1: a setting is'],
    ['a world behind a case', '> GET /x\n< 200\n\n@world y\n', 'x:4: @world stands above'],
  ])('%s', (_, text, problem) => {
    expect(() => parseScript('x', text)).toThrow(problem);
  });
});

it.each([
  ['/a', ['/a']],
  ['/{a,b}/c', ['/a/c', '/b/c']],
  ['/x{,/y}', ['/x', '/x/y']],
  ['/{a,b}/{c,d}', ['/a/c', '/a/d', '/b/c', '/b/d']],
  ['/{a}', ['/{a}']],
  ['/{$1,$&}', ['/$1', '/$&']],
])('the path %s stands for %j', (path, paths) => {
  expect(pathsOf(path)).toEqual(paths);
});
