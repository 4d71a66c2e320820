// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { addBig, addDataset, addHeld, addHostile, addTiny } from '#test/fake-hub/repos.ts';
import { ask } from '#test/support/http.ts';
import { airlock } from '#test/support/mirror.ts';
import { until } from '#test/support/until.ts';
import { useWorld } from '#test/support/world.ts';

const world = useWorld({
  repos: (hub) => {
    for (const name of ['tiny', 'other', 'closed', 'late', 'gone']) addTiny(hub, `acme/${name}`);
    addDataset(hub);
    addHeld(hub);
    addHostile(hub);
    for (const name of ['slow', 'slower', 'stopped']) addBig(hub, 8, `acme/${name}`);
  },
});
const pull = (...args: string[]) => airlock(['pull', ...args], world.mirror);
const head = (id: string, kind: 'models' | 'datasets' = 'models') => world.hub.repo(id, kind).head().id;

describe('airlock pull', () => {
  it('brings models and datasets in, and says under which commits', async () => {
    const { status, stdout, stderr } = await pull('acme/tiny', 'datasets/acme/tiny-data@main');
    expect(status, stderr).toBe(0);
    const files = world.hub.repo('acme/tiny').head().files.size;
    expect(stdout).toContain(`acme/tiny@main: approved  ${head('acme/tiny')}  ${files} files, `);
    expect(stdout).toContain(`datasets/acme/tiny-data@main: approved  ${head('acme/tiny-data', 'datasets')}  `);
    const before = world.hub.stats.requests;
    expect((await ask(world.mirror.url, '/acme/tiny/resolve/main/config.json')).status).toBe(200);
    expect((await pull('acme/tiny', `acme/tiny@${head('acme/tiny')}`)).status).toBe(0);
    expect(world.hub.stats.requests).toBe(before);
  });

  it('ends with 2 where one is refused, with its reasons, and the others are brought in', async () => {
    const { status, stdout } = await pull('acme/held', 'acme/other', 'acme/hostile');
    expect(status).toBe(2);
    expect(stdout).toContain(`acme/held@main: held (case 1)  ${head('acme/held')}\n  hold: `);
    expect(stdout).toContain('\n  a reviewer can answer: airlock case approve 1 --reason "..."');
    expect(stdout).toContain(`acme/other@main: approved  ${head('acme/other')}`);
    expect(stdout).toMatch(/acme\/hostile@main: denied {2}[0-9a-f]{40}\n {2}deny: .*os\.system/);
  });

  it('ends with 2 and names who closed it', async () => {
    const commit = head('acme/closed');
    expect(
      (await airlock(['reject', `acme/closed@${commit}`, '--by', 'ann', '--reason', 'no'], world.mirror)).status,
    ).toBe(0);
    const { status, stdout } = await pull(`acme/closed@${commit}`);
    expect(status).toBe(2);
    expect(stdout).toContain(`acme/closed@${commit}: rejected  ${commit}\n  by ann: no\n`);
  });

  it('ends with 70 for what upstream has not, and brings the others in', async () => {
    const { status, stdout } = await pull('acme/nobody', 'acme/tiny');
    expect(status).toBe(70);
    expect(stdout).toContain('acme/nobody@main: failed\n  acme/nobody was not found upstream.');
    expect(stdout).toContain('acme/tiny@main: approved');
  });

  it('says where it is while it waits, a line for each stage where nobody looks on', async () => {
    world.hub.faults.add({ fault: 'bandwidth', bytesPerSecond: 1_500_000, repo: 'acme/slow' });
    const { status, stdout, stderr } = await pull('acme/slow');
    world.hub.faults.clear();
    expect(status, stdout).toBe(0);
    expect(stderr).toMatch(/acme\/slow@main {2}\[#*-+\] +\d+% {2}[\d.]+ (?:B|KiB|MiB)\/[\d.]+ MiB.*files.* fetching\n/);
    expect(stderr.split('\n').length).toBeLessThan(8);
  });

  it('with --timeout ends with 70 while the intake goes on, and a second pull joins it', async () => {
    world.hub.faults.add({ fault: 'bandwidth', bytesPerSecond: 2_000_000, repo: 'acme/slower' });
    const { status, stdout } = await pull('acme/slower', '--timeout', '1');
    expect(status).toBe(70);
    expect(stdout).toMatch(/acme\/slower@main: running .*fetching; the intake goes on\n/);
    world.hub.faults.clear();
    const again = await pull('acme/slower', '--json');
    expect(again.status, again.output).toBe(0);
    expect(JSON.parse(again.stdout)).toMatchObject([
      { asked: 'acme/slower@main', repo: 'acme/slower', state: 'approved', commit: head('acme/slower') },
    ]);
    const { content } = world.hub.repo('acme/slower').file('model.safetensors');
    expect(world.hub.stats.sent('acme/slower/model.safetensors')).toBe(content.size);
  });

  it('with --no-wait begins, and the intake ends without it', async () => {
    const { status, stdout } = await pull('acme/late', '--no-wait');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^acme\/late@main: (running|approved) /);
    const path = `/api/airlock/models/acme/late/revision/${head('acme/late')}/decision`;
    await until(
      'it is approved',
      async () => JSON.parse((await ask(world.mirror.url, path)).text).state === 'approved',
    );
  });

  it('goes on when the mirror is started anew', async () => {
    world.hub.faults.add({ fault: 'bandwidth', bytesPerSecond: 2_000_000, repo: 'acme/stopped' });
    const pulling = pull('acme/stopped');
    await until('bytes arrive', () => world.hub.stats.sent('acme/stopped/model.safetensors') > 1_000_000);
    await world.mirror.kill9();
    const { port } = new URL(world.mirror.url);
    world.hub.faults.clear();
    await world.restart({ port: Number(port) });
    const { status, output } = await pulling;
    expect(status, output).toBe(0);
    expect(output).toContain(`acme/stopped@main: approved  ${head('acme/stopped')}`);
  });

  it('a usage error is a 64 that says what is wrong', async () => {
    for (const args of [[], ['a..b/c'], ['acme/tiny', '--timeout', '0'], ['acme/tiny', '--timeout', 'x']])
      expect((await pull(...args)).status).toBe(64);
  });
});

describe('POST /api/airlock/pull', () => {
  const post = async (body: unknown, query = '') => {
    const headers = { 'content-type': 'application/json' };
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await ask(world.mirror.url, `/api/airlock/pull${query}`, { method: 'POST', headers, body: text });
    return { status: answer.status, body: JSON.parse(answer.text) };
  };

  it('names the pull while it runs', async () => {
    world.hub.faults.add({ fault: 'latency', ms: 1500, repo: 'acme/gone' });
    const { status, body } = await post({ repo: 'acme/gone' }, '?wait=0');
    expect([status, body.state]).toEqual([200, 'running']);
    world.hub.faults.clear();
    const ended = await ask(world.mirror.url, `/api/airlock/pulls/${body.pull}?wait=50`);
    expect(JSON.parse(ended.text)).toMatchObject({ repo: 'acme/gone', state: 'approved', commit: head('acme/gone') });
  });

  it.each([
    ['', 'expected object'],
    ['{', 'expected object'],
    [{}, 'repo'],
    [{ repo: '../etc' }, 'not a repo id'],
    [{ repo: 'acme/tiny', kind: 'buckets' }, 'kind'],
    [{ repo: 'acme/tiny', revision: '..' }, 'not a revision'],
    [{ repo: 'acme/tiny', force: true }, 'force'],
  ])('%j is a 400 that says what is wrong, and asks upstream for nothing', async (body, says) => {
    const before = world.hub.stats.requests;
    const answer = await post(body);
    expect([answer.status, answer.body.error]).toEqual([400, expect.stringContaining(says)]);
    expect(answer.body.error).toMatch(/^[\x20-\x7e]+$/);
    expect((await post({ repo: 'acme/tiny' }, '?wait=1e9')).status).toBe(400);
    expect(world.hub.stats.requests).toBe(before);
  });

  it('a pull that nobody began is a 404', async () => {
    expect((await ask(world.mirror.url, '/api/airlock/pulls/nobody')).status).toBe(404);
  });
});
