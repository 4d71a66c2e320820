// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { Register } from '#src/hub/listing/register.ts';
import { model } from '#test/catalog/drafts.ts';
import { TestClock } from '#test/support/house.ts';

const FULL = 50_000;

it('a list that is full says once in the log which repo is not in it', async () => {
  const rows = Array.from({ length: FULL }, (_, i) => ({
    ...{ kind: 'models' as const, repo: `acme/m${String(i).padStart(5, '0')}` },
    ...{ seq: 1, body: null },
  }));
  const warnings: string[] = [];
  const untouched = () => Promise.reject(new Error('nothing is read for a repo that is not listed'));
  const register = new Register('models', {
    catalog: {
      find: untouched,
      state: untouched,
      async *journals() {
        for (const { repo, seq } of rows) yield { repo: model(repo), seq };
        for (const name of ['acme/one-more', 'acme/two-more']) yield { repo: model(name), seq: 1 };
      },
    },
    remembered: {
      page: async (_kind, after, limit) => {
        const from = after === '' ? 0 : rows.findIndex(({ repo }) => repo === after) + 1;
        return rows.slice(from, from + limit);
      },
      put: async () => {},
    },
    prebuilt: { describe: untouched },
    clock: new TestClock(),
    refreshSeconds: 60,
    log: { warn: (_, text) => void warnings.push(text) },
  });
  await register.refresh();
  expect(warnings).toEqual([
    'lists of models are full: models/acme/one-more and others that come are served, and not listed',
  ]);
  expect(register.pending).toBe(0);
});
