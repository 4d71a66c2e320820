// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { send } from '#test/support/house.ts';
import { useTemp } from '#test/support/temp.ts';
import { type Case, parseScript, pathsOf, type ScriptRequest } from './http-script.ts';
import { type Answer, mismatches } from './script-answer.ts';
import { fillFor, repoOf } from './script-words.ts';
import { type HubWorld, useHubWorlds } from './worlds.ts';

/*
 * Runs every `*.http.txt` of this folder; how one reads is said in http-script.ts. Cases do not depend on each other, so
 * that one can be run alone: `npx vitest run test/hub/scripts.test.ts -t ranges`.
 */

const SUFFIX = '.http.txt';
const MAX_SHOWN = 12;
const names = readdirSync(import.meta.dirname).filter((name) => name.endsWith(SUFFIX));
const scripts = names.map((name) => parseScript(name, readFileSync(join(import.meta.dirname, name), 'utf8')));
const worldNamed = useHubWorlds(useTemp());

it('there are scripts', () => {
  expect(names.length).toBeGreaterThan(5);
});

describe.each(scripts)('$name', ({ name, world, cases }) => {
  let at: HubWorld;
  beforeAll(async () => {
    at = await worldNamed(world);
  });
  for (const one of cases)
    it(one.title, async () => {
      const problems: string[] = [];
      for (const request of one.requests) problems.push(...(await problemsOf(at, one, request)));
      if (problems.length > 0) throw new Error(report(name, problems));
    });
});

/** The first ones: the rest mostly follows from them. */
function report(name: string, problems: readonly string[]): string {
  const rest = problems.length > MAX_SHOWN ? [`and ${problems.length - MAX_SHOWN} more`] : [];
  return [...problems.slice(0, MAX_SHOWN).map((problem) => `${name}:${problem}`), ...rest].join('\n');
}

async function problemsOf(at: HubWorld, one: Case, request: ScriptRequest): Promise<string[]> {
  const fill = fillFor(at.hub, one.repo);
  const repo = () => repoOf(at.hub, one.repo);
  const problems: string[] = [];
  for (const path of pathsOf(fill(request.path)))
    for (const method of request.methods) {
      const answer = await ask(at, method, path, request, fill);
      const found = [...mismatches(one, { method, fill, repo }, answer), ...always(request, method, path, answer)];
      for (const { line, expected, actual } of found)
        problems.push(`${line}: ${method} ${path}\n  expected: ${expected}\n  actual:   ${actual}`);
    }
  return problems;
}

async function ask(
  at: HubWorld,
  method: string,
  path: string,
  request: ScriptRequest,
  fill: (text: string) => string,
): Promise<Answer> {
  const headers = new Headers(request.headers.map(([name, value]): [string, string] => [name, fill(value)]));
  const body = request.body === undefined ? {} : { body: fill(request.body) };
  const answer = await send(at.house, path, { method, headers, ...body });
  return { status: answer.status, headers: answer.headers, body: Buffer.from(await answer.arrayBuffer()) };
}

/** What holds of every answer of the door, whatever a script says. */
function always({ line }: ScriptRequest, method: string, path: string, { status, headers, body }: Answer) {
  const problems: { line: number; expected: string; actual: string }[] = [];
  const must = (holds: boolean, expected: string, actual: unknown) =>
    holds || problems.push({ line, expected, actual: String(actual) });
  const said = JSON.stringify([...headers]) + body.toString('latin1');
  must(/xet/i.test(path) || !/xet/i.test(said), 'no word of Xet', /.{0,40}xet.{0,40}/i.exec(said)?.[0]);
  must(/^[0-9a-f-]{36}$/.test(headers.get('x-request-id') ?? ''), 'a request id', headers.get('x-request-id'));
  must(headers.get('content-encoding') === null, 'no Content-Encoding', headers.get('content-encoding'));
  must(!/^W\//.test(headers.get('etag') ?? ''), 'a strong ETag', headers.get('etag'));
  if (method === 'HEAD') must(body.length === 0, 'no body of a HEAD', body);
  if (status < 400) return problems;
  const message = headers.get('x-error-message') ?? '';
  must(/^[\x20-\x7e]{10,900}$/.test(message), 'X-Error-Message: one line of ASCII', message);
  must(headers.get('cache-control') === 'no-store', 'cache-control: no-store', headers.get('cache-control'));
  const warning = headers.get('x-hf-warning');
  must(warning === null || warning.endsWith(`; ${message}`), `X-HF-Warning: topic; ${message}`, warning);
  const type = headers.get('content-type') ?? '';
  if (method === 'HEAD') must(type.startsWith('text/plain'), 'the type of an error without a body: text/plain', type);
  return problems;
}
