// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { configSchema } from '#src/config/schema.ts';
import type { EvidenceDocument } from '#src/domain/evidence.ts';
import { parseCommitSha } from '#src/domain/revision.ts';
import { evaluate } from '#src/policy/evaluate.ts';
import { isWhole, unpackEvidence } from '#src/policy/evidence-document.ts';
import { addHeld, addLicensed, addTiny } from '#test/fake-hub/repos.ts';
import { type House, repo, revisionOf } from './house.ts';
import { approved, refused, useHouse } from './use-house.ts';

const rig = useHouse();
const { policy: rules, sources, intake: limits } = configSchema.parse({});

const headOf = (id: string) => parseCommitSha(rig.hub.repo(id).head().id);

async function ofRelease(house: House, id: string): Promise<EvidenceDocument> {
  const statement = await house.catalog.statement(repo(id), headOf(id));
  const packed = statement && (await house.catalog.evidence(statement));
  if (!packed) throw new Error('no evidence');
  return unpackEvidence(packed);
}

async function ofRefusal(house: House, id: string): Promise<EvidenceDocument> {
  const row = await house.index.evidence.get(repo(id), headOf(id));
  return unpackEvidence(Buffer.from(row?.body ?? '', 'base64'));
}

it('what a release was decided over is a record that its statement names, and gives the same decision', async () => {
  addTiny(rig.hub);
  const house = await rig.open();
  approved(await house.ask('acme/tiny'));
  const evidence = await ofRelease(house, 'acme/tiny');
  if (!isWhole(evidence)) throw new Error('it was scanned');
  expect(evidence.publisher?.namespace).toBe('acme');
  expect(evidence.card?.sections).toContain('license');
  const decision = evaluate(evidence, rules, { rule: sources[0], limits, rulesVersion: evidence.rulesVersion });
  const statement = await house.catalog.statement(repo('acme/tiny'), evidence.manifest.source.commit);
  expect(decision).toMatchObject({ outcome: 'approved', policyDigest: statement?.policyDigest });
  expect(decision.decidedAt).toBe(statement?.approvedAt);
});

it('what a refusal was decided over is kept as far as it was known, and goes when the commit is approved', async () => {
  addLicensed(rig.hub, undefined, 'acme/none');
  addHeld(rig.hub);
  const house = await rig.open();
  refused(await house.ask('acme/none'));
  expect(await ofRefusal(house, 'acme/none')).toMatchObject({ license: { declared: [] } });
  expect((await ofRefusal(house, 'acme/none')).files).toBeUndefined();
  refused(await house.ask('acme/held'));
  expect((await ofRefusal(house, 'acme/held')).files?.length).toBeGreaterThan(0);
  const act = { by: 'alice', reason: 'looked at it' };
  const { outcome } = await house.review.approve(repo('acme/held'), revisionOf('main'), act, false);
  approved(await outcome);
  await expect(ofRefusal(house, 'acme/held')).rejects.toThrow();
});

it('evidence that was altered is not read', async () => {
  addTiny(rig.hub);
  const house = await rig.open();
  approved(await house.ask('acme/tiny'));
  const statement = await house.catalog.statement(repo('acme/tiny'), headOf('acme/tiny'));
  if (!statement) throw new Error('released');
  const other = { ...statement, evidence: statement.modelSignature };
  await expect(house.catalog.evidence(other)).rejects.toThrow('damaged or gone');
});
