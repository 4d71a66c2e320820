// SPDX-License-Identifier: Apache-2.0
import { beforeAll, describe, expect, it } from 'vitest';
import { useTemp } from '#test/support/temp.ts';
import { readScripts } from './http-script.ts';
import { runCase } from './script-run.ts';
import { type HubWorld, useHubWorlds } from './worlds.ts';

/*
 * Runs every `*.http.txt` of this folder; how one reads is said in http-script.ts. Cases do not depend on each other, so
 * that one can be run alone: `npx vitest run test/hub/scripts.test.ts -t ranges`.
 */

const scripts = readScripts(import.meta.dirname, '.http.txt');
const worldNamed = useHubWorlds(useTemp());

it('there are scripts', () => {
  expect(scripts.length).toBeGreaterThan(5);
});

describe.each(scripts)('$name', ({ name, world, cases }) => {
  let at: HubWorld;
  beforeAll(async () => {
    at = await worldNamed(world);
  });
  for (const one of cases) it(one.title, () => runCase(name, at, one));
});
