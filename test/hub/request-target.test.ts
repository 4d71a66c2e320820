// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { addTiny } from '#test/fake-hub/repos.ts';
import { ask } from '#test/support/http.ts';
import { useWorld } from '#test/support/world.ts';

const world = useWorld({ repos: (hub) => void addTiny(hub) });
const PATH = '/acme/tiny/resolve/main/config.json';

describe('a request target in absolute form', () => {
  it.each([
    ['of the mirror itself', () => world.mirror.url],
    ['of another name, as behind a proxy', () => 'http://mirror.example'],
    ['with https and a port', () => 'https://mirror.example:8443'],
  ])('%s is answered as its path alone', async (_, origin) => {
    const plain = await ask(world.mirror.url, PATH);
    expect(plain.status).toBe(200);
    for (const suffix of ['', '?download=true']) {
      const absolute = await ask(world.mirror.url, `${origin()}${PATH}${suffix}`);
      expect(absolute.status).toBe(200);
      expect(absolute.body.equals(plain.body)).toBe(true);
      expect(absolute.headers.etag).toBe(plain.headers.etag);
    }
    expect((await ask(world.mirror.url, `${origin()}/readyz`)).status).toBe(200);
    expect((await ask(world.mirror.url, origin())).status).toBe(200);
  });

  it('hides no dots: its path is judged as it was written', async () => {
    for (const path of [
      '/acme/tiny/resolve/main/../../../../etc/passwd',
      '/acme/tiny/resolve/main/%2e%2e/config.json',
    ]) {
      const plain = await ask(world.mirror.url, path);
      const absolute = await ask(world.mirror.url, `http://mirror.example${path}`);
      expect(plain.status).toBeGreaterThanOrEqual(400);
      expect(absolute.status).toBe(plain.status);
    }
  });
});
