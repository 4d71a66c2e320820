// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { addHeld, addTiny } from '#test/fake-hub/repos.ts';
import { ask } from '#test/support/http.ts';
import { airlock } from '#test/support/mirror.ts';
import { useWorld } from '#test/support/world.ts';

const world = useWorld({
  config: {
    sources: [
      { match: 'ask/*', mode: 'request' },
      { match: '*', mode: 'auto' },
    ],
  },
  repos: (hub) => {
    addTiny(hub, 'ask/one');
    addTiny(hub, 'ask/two');
    addHeld(hub, 'acme/held');
  },
});

const run = (...args: string[]) => airlock(['case', ...args], world.mirror);
const status = async (id: string) => (await ask(world.mirror.url, `/api/models/${id}/revision/main`)).status;
const act = ['--by', 'ann', '--reason', 'we know them'];

describe('airlock case', () => {
  it('lists, shows and approves a source, and the same request is served', async () => {
    expect(await status('ask/one')).toBe(403);
    const list = await run('list');
    expect(list.stdout).toMatch(/^1 {2}open {2}source ask\/one {2}asked \d+x {2}nothing of the source/);
    expect((await run('assign', '1', 'bob', '--by', 'ann')).stdout).toBe('case 1: bob looks into it\n');
    expect((await run('comment', '1', 'they answered', '--by', 'bob')).status).toBe(0);
    const shown = await run('show', '1');
    expect(shown.stdout).toMatch(/^case 1: open {2}source ask\/one/);
    expect(shown.stdout).toMatch(/looked into by bob\n(?:.*\n)*.*bob {2}comment: they answered\n/);
    const approved = await run('approve', '1', ...act);
    expect([approved.status, approved.stdout]).toEqual([0, 'ask/one: approved\n']);
    expect(await status('ask/one')).toBe(200);
    expect((await run('list')).stdout).toBe('no cases\n');
    expect((await run('list', '--state', 'all')).stdout).toMatch(/^1 {2}approved/);
  });

  it('rejects a source, and approves a commit, waiting for its intake', async () => {
    expect(await status('ask/two')).toBe(403);
    expect((await run('reject', '2', ...act)).stdout).toBe('case 2: rejected\n');
    expect(await status('acme/held')).toBe(403);
    const { stdout } = await run('approve', '3', ...act);
    expect(stdout).toMatch(/^acme\/held@[0-9a-f]{40}: approved\n/);
    expect(
      (await ask(world.mirror.url, `/api/models/acme/held/revision/${world.hub.repo('acme/held').head().id}`)).status,
    ).toBe(200);
  });

  it('says what is wrong with a number', async () => {
    expect((await run('approve', '3', ...act)).stderr).toMatch(/Case 3 is approved already, by ann/);
    expect((await run('show', '99')).stderr).toMatch(/no case 99/);
    expect((await run('show', 'x')).stderr).toMatch(/Give a number/);
  });
});
