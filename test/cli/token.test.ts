// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { parseReaderToken } from '#src/access/reader-token.ts';
import { airlock } from '#test/support/mirror.ts';
import { useWorld } from '#test/support/world.ts';

const world = useWorld({ repos: () => undefined });
const token = (...args: string[]) => airlock(['token', ...args], world.mirror);

describe('airlock token', () => {
  it('create prints the token alone on standard output, list shows it by name, revoke ends it', async () => {
    expect((await token('list')).stdout).toBe('no token was given out yet: airlock token create NAME --owner WHO\n');
    const made = await token('create', 'ci', '--owner', 'ann@example.com', '--expires', '7d', '--by', 'root');
    expect(made.status, made.output).toBe(0);
    expect(parseReaderToken(made.stdout.trim())).toBeDefined();
    expect(made.stderr).toMatch(/"ci" of ann@example\.com, reader, expires 20.* It is shown this once/);
    expect(made.stderr).toContain('hf auth login');

    const listed = await token('list');
    expect(listed.stdout).toMatch(
      /^[0-9a-f]{12} "ci" of ann@example\.com: reader, expires .*, created .* by root, never used\n$/,
    );
    expect(listed.output).not.toContain(made.stdout.trim());
    const id = listed.stdout.slice(0, 12);
    const revoked = await token('revoke', id, '--by', 'bob');
    expect([revoked.status, revoked.stdout]).toEqual([
      0,
      expect.stringMatching(new RegExp(`^token ${id} "ci" of ann@example\\.com: revoked .* by bob\n$`)),
    ]);
    expect((await token('list')).stdout).toMatch(/: reader, revoked .* by bob, created /);
  });

  it('speaks JSON to programs', async () => {
    const made = JSON.parse((await token('create', 'json', '--owner', 'bob', '--json')).stdout);
    expect(made).toMatchObject({ name: 'json', owner: 'bob', state: 'active', token: expect.any(String) });
    const { token: _, ...rest } = made;
    const listed = JSON.parse((await token('list', '--json')).stdout);
    expect(listed[0]).toEqual(rest);
  });

  it("gives roles and grants, and with a personal token acts in its owner's name", async () => {
    const made = await token(
      'create',
      'x',
      '--owner',
      'eve',
      '--role',
      'reviewer',
      '--role',
      'admin',
      '--grant',
      'a/*',
    );
    expect(made.stderr).toContain('reviewer and admin, granted a/*');
    expect((await token('list')).stdout).toMatch(/"x" of eve: reviewer and admin, granted a\/\*, expires/);
    const env = { AIRLOCK_URL: world.mirror.url, AIRLOCK_ADMIN_TOKEN: made.stdout.trim() };
    const own = await airlock(['token', 'create', 'y', '--owner', 'ann', '--json'], undefined, env);
    expect(own.status, own.output).toBe(0);
    expect(JSON.parse(own.stdout)).toMatchObject({ createdBy: 'eve', roles: ['reader'] });
    const forged = await airlock(['token', 'create', 'y', '--owner', 'ann', '--by', 'bob'], undefined, env);
    expect([forged.status, forged.output]).toEqual([70, expect.stringContaining('acts for eve and for nobody else')]);
  });

  it.each([
    [['create', 'x'], 64, '--owner'],
    [['create', 'x', '--owner', 'ann', '--role', 'king'], 64, 'reviewer'],
    [['create', 'x', '--owner', ' '], 64, 'Give a name.'],
    [['create', 'x', '--owner', 'ann', '--expires', 'soon'], 64, '"90d", or "never"'],
    [['create', 'x', '--owner', 'ann', '--expires', '0d'], 64, '"90d", or "never"'],
    [['create', 'x', '--owner', 'ann', '--by', 'policy'], 64, 'reserved'],
    [['create', 'a b', '--owner', 'ann'], 70, 'letters, digits'],
    [['create', 'x', '--owner', 'ann', '--expires', 'never'], 70, 'access.maxTokenDays'],
    [['create', 'x', '--owner', 'ann', '--expires', '366d'], 70, '365 days at most'],
    [['revoke', 'nobody'], 70, 'no token with that id'],
    [['revoke'], 64, 'id'],
  ])('%j ends with %i and says why', async (args, status, says) => {
    const result = await token(...args);
    expect([result.status, result.stdout]).toEqual([status, '']);
    expect(result.output).toContain(says);
  });
});
