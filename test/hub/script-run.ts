// SPDX-License-Identifier: Apache-2.0
import { send } from '#test/support/house.ts';
import { type Case, pathsOf, type ScriptRequest } from './http-script.ts';
import { type Answer, type Mismatch, mismatches } from './script-answer.ts';
import { fillFor, repoOf } from './script-words.ts';
import type { HubWorld } from './worlds.ts';

/** What follows from the first ones mostly. */
const MAX_SHOWN = 12;

/**
 * Send the requests of one case at once, and hold each answer to its lines and to what holds of all answers.
 * @throws Error naming script, line, what was expected and what came
 */
export async function runCase(script: string, at: HubWorld, one: Case): Promise<void> {
  const fill = fillFor(at.hub, one.repo, at.words);
  const sent = one.requests.flatMap((request) =>
    pathsOf(fill(request.path)).flatMap((path) => request.methods.map((method) => ({ request, path, method }))),
  );
  const found = await Promise.all(
    sent.map(async ({ request, path, method }) => {
      const answer = await ask(at, method, path, request, fill);
      const differs = [
        ...mismatches(one, { method, fill, repo: () => repoOf(at.hub, one.repo) }, answer),
        ...always(request, method, path, answer),
      ];
      return differs.map(
        ({ line, expected, actual }) =>
          `${script}:${line}: ${method} ${path}\n  expected: ${expected}\n  actual:   ${actual}`,
      );
    }),
  );
  const problems = found.flat();
  if (problems.length > MAX_SHOWN)
    problems.splice(MAX_SHOWN, problems.length, `and ${problems.length - MAX_SHOWN} more`);
  if (problems.length > 0) throw new Error(problems.join('\n'));
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
export function always(
  { line }: Pick<ScriptRequest, 'line'>,
  method: string,
  path: string,
  answer: Answer,
): Mismatch[] {
  const { status, headers, body } = answer;
  const problems: Mismatch[] = [];
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
  // Of a token the message is in the words of the Hub, and the warning says more.
  const text = message.startsWith('[airlock] ') ? message : undefined;
  must(warning === null || isWarning(warning, text), `X-HF-Warning: topic; ${text ?? '[airlock] ...'}`, warning);
  const type = headers.get('content-type') ?? '';
  if (method === 'HEAD') must(type.startsWith('text/plain'), 'the type of an error without a body: text/plain', type);
  return problems;
}

function isWarning(header: string, text: string | undefined): boolean {
  const [, topic, said] = /^(airlock-[A-Za-z0-9._-]+); (\[airlock\] [\x20-\x7e]+)$/.exec(header) ?? [];
  return topic !== undefined && (text === undefined || said === text);
}
