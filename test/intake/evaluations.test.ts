// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { addTiny } from '#test/fake-hub/repos.ts';
import { evaluationOf, newSigner, signedBy } from '#test/support/evaluations.ts';
import { repo } from './house.ts';
import { approved, refused, releaseOf, rulesOf, useHouse } from './use-house.ts';

const rig = useHouse();
const team = newSigner('team');
const stranger = newSigner('stranger');
const policy = {
  evaluationSigners: [team.signer],
  evaluations: [{ kind: 'safety', signers: ['team'], metric: 'score', min: 0.8 }],
};

it('a commit waits for its evaluation, and goes on once a named signer brought it', async () => {
  const hub = addTiny(rig.hub);
  const house = await rig.open({ config: { policy } });
  const held = await house.ask('acme/tiny');
  expect(rulesOf(held)).toEqual(['evaluation-required']);
  expect(refused(held).reasons[0]?.message).toContain('there is none, signed by team');

  const commit = hub.at('main');
  const weights = commit?.files.get('model.safetensors')?.content.sha256 ?? '';
  const sha = refusedCommit(held);
  const document = evaluationOf([weights], new Date().toISOString());
  await expect(house.evaluations.add(repo('acme/tiny'), sha, signedBy(stranger, document))).rejects.toThrow(
    'none of the',
  );
  await house.evaluations.add(repo('acme/tiny'), sha, signedBy(team, document));
  await house.index.decisions.remove(repo('acme/tiny'), sha);
  approved(await house.ask('acme/tiny'));
  const statement = await house.catalog.statement(repo('acme/tiny'), (await releaseOf(house, 'acme/tiny')).commit);
  expect(statement?.reasons).toMatchObject([{ rule: 'evaluation-required', effect: 'note' }]);
});

function refusedCommit(outcome: Awaited<ReturnType<Awaited<ReturnType<typeof rig.open>>['ask']>>) {
  if (outcome.type !== 'refused' || outcome.commit === undefined) throw new Error('it was not refused');
  return outcome.commit;
}
