// SPDX-License-Identifier: Apache-2.0
import { expect } from 'vitest';
import { send } from '#test/support/house.ts';
import type { Request } from './anything.ts';
import type { Answer } from './script-answer.ts';
import { always } from './script-run.ts';
import type { HubWorld } from './worlds.ts';

/** Whatever is asked, the answer is no 5xx, and is shaped as every answer of the door. */
export async function askAnything(world: HubWorld, { method, path, headers, body }: Request): Promise<Answer> {
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const answer = await send(world.house, path, { method, headers, ...(hasBody ? { body } : {}) });
  const seen = { status: answer.status, headers: answer.headers, body: Buffer.from(await answer.arrayBuffer()) };
  const asked = `${method} ${path} ${JSON.stringify(headers)}`;
  expect(seen.status, `${asked}: ${seen.body.subarray(0, 300)}`).toBeLessThan(500);
  expect(always({ line: 0 }, method, path, seen), asked).toEqual([]);
  return seen;
}
