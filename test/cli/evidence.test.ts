// SPDX-License-Identifier: Apache-2.0
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { addTiny } from '#test/fake-hub/repos.ts';
import { evaluationOf, newSigner, signedBy } from '#test/support/evaluations.ts';
import { airlock } from '#test/support/mirror.ts';
import { useWorld } from '#test/support/world.ts';

const team = newSigner('team');
const world = useWorld({
  repos: (hub) => void addTiny(hub),
  config: {
    policy: {
      evaluationSigners: [team.signer],
      evaluations: [{ kind: 'safety', signers: ['team'], metric: 'score', min: 0.8, maxAgeDays: 7 }],
    },
  },
});

async function add(document: Buffer) {
  const file = join(await world.temp('evidence'), 'evaluation.json');
  await writeFile(file, document);
  return airlock(['evidence', 'add', file, '--repo', 'acme/tiny@main'], world.mirror);
}

it('a held model is served once its evaluation is there, and a bad one says what is wrong with it', async () => {
  expect((await airlock(['pull', 'acme/tiny'], world.mirror)).status).toBe(2);
  const weights = world.hub.repo('acme/tiny').at('main')?.files.get('model.safetensors')?.content.sha256 ?? '';

  const strange = await add(signedBy(newSigner('team'), evaluationOf([weights])));
  expect(strange.status).not.toBe(0);
  expect(strange.output).toContain('none of the configured signers signed it');

  const low = await add(signedBy(team, evaluationOf([weights], new Date().toISOString(), 0.5)));
  expect(low.stdout).toMatch(/^acme\/tiny@[0-9a-f]{40}: evaluation "safety", signed by team\n$/);
  const held = await airlock(['pull', 'acme/tiny'], world.mirror);
  expect([held.status, held.output]).toEqual([2, expect.stringContaining('its score is 0.5, and 0.8 is the least')]);

  expect((await add(signedBy(team, evaluationOf([weights], new Date().toISOString())))).status).toBe(0);
  const pulled = await airlock(['pull', 'acme/tiny'], world.mirror);
  expect(pulled.status, pulled.output).toBe(0);
});
