// SPDX-License-Identifier: Apache-2.0
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { addTiny } from '#test/fake-hub/repos.ts';
import { airlock } from '#test/support/mirror.ts';
import { until } from '#test/support/until.ts';
import { useWorld } from '#test/support/world.ts';

const world = useWorld({
  repos: (hub) => void addTiny(hub),
  config: { audit: { writeSeconds: 1 } },
});
const audit = (...args: string[]) => airlock(['audit', ...args], world.mirror);
const file = () => fetch(`${world.mirror.url}/acme/tiny/resolve/main/config.json`);

interface Event {
  readonly type: string;
  readonly path: string | null;
  readonly details: Record<string, unknown>;
}
const events = async (...args: string[]): Promise<Event[]> =>
  (await audit('export', ...args)).stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Event);

describe('airlock audit', () => {
  it('search and export tell of the start, of what was decided, and of who was served what', async () => {
    await until('the file', async () => (await file()).status === 200);
    await until('the counts', async () => (await events('--type', 'access')).length > 0, 10);
    await airlock(['revoke', 'acme/tiny', '--reason', 'a test', '--by', 'ann'], world.mirror);
    const all = await events();
    expect(all.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['start', 'release', 'pin', 'access', 'act', 'revocation']),
    );
    const [start] = await events('--type', 'start');
    expect(start?.details).toMatchObject({ version: expect.any(String), policyDigest: expect.any(String) });
    expect(JSON.stringify(start?.details.configuration)).toContain('audit.writeSeconds: 1  # changed, default: 30');
    const [served] = await events('--type', 'access', '--repo', 'acme/tiny');
    expect(served).toMatchObject({ path: 'config.json', details: { whole: expect.any(Number) } });
    expect((await audit('search', '--who', 'ann')).stdout).toMatch(/revocation {2}ann {2}acme\/tiny@[0-9a-f]{40}/);
    expect((await audit('search', '--since', '1d', '--json', '--limit', '1')).stdout).toMatch(/^\[\{.*\}\]\n$/);
    expect((await audit('search', '--who', 'nobody')).stdout).toBe('no such event\n');
  });

  it('export speaks CSV', async () => {
    const lines = (await audit('export', '--format', 'csv', '--repo', 'acme/tiny')).stdout.split('\r\n');
    expect(lines[0]).toBe(
      '"at","last","type","actor","owner","address","kind","repo","commit","path","sha256","record","details"',
    );
    expect(lines.filter((line) => line !== '').length).toBe((await events('--repo', 'acme/tiny')).length + 1);
  });

  it.each([
    [['search', '--since', 'soon'], 64, 'Give a time'],
    [['search', '--limit', '5000'], 64, 'airlock audit export'],
    [['export', '--format', 'xml'], 64, 'jsonl, csv'],
    [['search', '--repo', '../x'], 64, 'not a repo id'],
  ])('%j ends with %i and says why', async (args, status, says) => {
    const result = await audit(...args);
    expect([result.status, result.stdout]).toEqual([status, '']);
    expect(result.output).toContain(says);
  });

  it('verify ends with 0, and with 2 where a record was dropped, which it names', async () => {
    const whole = await audit('verify');
    expect([whole.status, whole.stdout]).toEqual([
      0,
      expect.stringMatching(/^\d+ records in \d+ chains: nothing is wrong\n$/),
    ]);
    const acts = join(world.mirror.dataDir, 'store', 'records', 'audit', 'acts');
    const [writer = ''] = await readdir(acts);
    await rm(join(acts, writer, '000000001.json!'));
    const short = await audit('verify', '--rebuild');
    expect(short.status, short.output).toBe(2);
    expect(short.stdout).toContain(`audit/acts/${writer}: records 1 to 1 are missing`);
    expect(short.stdout).toContain('1 problem\n');
  });

  it('is for those with the permission alone', async () => {
    for (const path of ['audit/events', 'audit/verify'])
      expect((await fetch(`${world.mirror.url}/api/airlock/${path}`)).status).toBe(401);
  });
});
