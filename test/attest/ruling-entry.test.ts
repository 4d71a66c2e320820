// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { openRuling, type RulingEntry, signRuling } from '#src/attest/ruling-entry.ts';
import { sha256Of } from '#src/domain/digest.ts';
import { parseRepo } from '#src/domain/repo.ts';
import type { RulingEvent } from '#src/domain/ruling.ts';
import { bundleJson, refusal, resigned } from './bundles.ts';
import { keys, signers } from './keys.ts';

const frame = {
  seq: 2,
  previous: sha256Of('the first ruling'),
  at: '2026-11-21T10:00:00.000Z',
  by: 'alex@example.org',
  reason: 'because',
};
const digest = sha256Of('a file');
const source = {
  type: 'source',
  match: 'org/*',
  kinds: ['models'],
  include: ['*'],
  exclude: [],
  gated: 'hold',
  expiresAt: null,
} as const;
const until = { owner: 'eve', expiresAt: '2027-01-01T00:00:00.000Z' } as const;
const events: [name: string, role: 'approval' | 'evidence', event: RulingEvent][] = [
  ['source that opens', 'approval', { ...source, mode: 'auto' }],
  ['source that opens for review', 'approval', { ...source, mode: 'review', expiresAt: until.expiresAt }],
  ['source that closes', 'evidence', { ...source, mode: 'deny' }],
  ['source that asks', 'evidence', { ...source, mode: 'request' }],
  ['yes to code', 'approval', { type: 'code', digest }],
  ['waiver for a repo', 'approval', { type: 'waiver', rule: 'r', scope: repoScope(), ...until }],
  ['waiver for a digest', 'approval', { type: 'waiver', rule: 'r', scope: { type: 'digest', digest }, ...until }],
  ['revocation of a repo', 'evidence', { type: 'revocation', scope: repoScope() }],
  ['revocation of a digest', 'evidence', { type: 'revocation', scope: { type: 'digest', digest } }],
  ['revocation of a publisher', 'evidence', { type: 'revocation', scope: { type: 'publisher', publisher: 'org' } }],
  ['revocation of a rule', 'evidence', { type: 'revocation', scope: { type: 'rule', rule: 'r' } }],
  ['reinstatement', 'approval', { type: 'reinstatement', ruling: 1 }],
  ['end', 'evidence', { type: 'end', ruling: 1 }],
];

function repoScope() {
  return { type: 'repo', repo: parseRepo('models', 'org/name') } as const;
}

describe.each(events)('a %s', (_, role, event) => {
  const entry: RulingEntry = { ...frame, event };

  it(`reads back as it was signed, with the ${role} key`, async () => {
    const bytes = await signRuling(signers, entry);
    expect(openRuling(bytes, keys)).toEqual(entry);
    expect(bundleJson(bytes).verificationMaterial.publicKey.hint).toBe(signers[role].key.hint);
  });

  it('is refused when the key of the other role signed it', async () => {
    const other = role === 'approval' ? signers.evidence : signers.approval;
    const bytes = await resigned(other, await signRuling(signers, entry), () => undefined);
    const { code, message } = await refusal(() => openRuling(bytes, keys));
    expect([code, message.includes(`only the ${role} key may sign it`)]).toEqual(['signature-invalid', true]);
  });
});

describe('a ruling', () => {
  const waiver: RulingEntry = { ...frame, event: { type: 'waiver', rule: 'r', scope: repoScope(), ...until } };
  const broken: [string, (statement: ReturnType<typeof JSON.parse>) => void][] = [
    ['an extra field', (s) => (s.predicate.event.forever = true)],
    ['no end', (s) => delete s.predicate.event.expiresAt],
    ['an end that is no time', (s) => (s.predicate.event.expiresAt = 'never')],
    ['a scope that is none', (s) => (s.predicate.event.scope = { type: 'everything' })],
    ['a repo that is none', (s) => (s.predicate.event.scope.repo.id = '../x')],
    ['no words', (s) => (s.predicate.reason = ' ')],
    ["another ruling's subject", (s) => (s.subject[0].name = 'ruling 3')],
    ['number 1 and one before it', (s) => (s.predicate.seq = 1)],
  ];

  it.each(broken)('with %s is refused although it is signed', async (_, change) => {
    const bytes = await resigned(signers.approval, await signRuling(signers, waiver), change);
    expect((await refusal(() => openRuling(bytes, keys))).code).toBe('record-invalid');
  });
});
