// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { type JournalEntry, type JournalEvent, openJournalEntry, signJournalEntry } from '#src/attest/journal-entry.ts';
import { signReleaseStatement } from '#src/attest/release-statement.ts';
import { sha256Of } from '#src/domain/digest.ts';
import { parseRepo } from '#src/domain/repo.ts';
import { parseCommitSha, parseRef } from '#src/domain/revision.ts';
import { bundleJson, payloadOf, refusal, resigned, tampered } from './bundles.ts';
import { keys, signers, testSigner } from './keys.ts';
import { release } from './release-fixture.ts';

const commit = parseCommitSha('0123456789abcdef0123456789abcdef01234567');
const frame = {
  repo: parseRepo('datasets', 'org/name'),
  seq: 2,
  previous: sha256Of('the first entry'),
  at: '2026-11-21T10:00:00.000Z',
  by: 'alex@example.org',
  reason: 'because',
};
const events: [JournalEvent['type'], 'approval' | 'evidence', JournalEvent][] = [
  ['release', 'approval', { type: 'release', commit, statement: sha256Of('statement') }],
  ['pin', 'approval', { type: 'pin', ref: parseRef('refs/convert/parquet'), refKind: 'convert', commit }],
  ['approval', 'approval', { type: 'approval', commit, accepts: ['scan.code:sub/model.py', 'license.unknown'] }],
  ['rejection', 'evidence', { type: 'rejection', commit }],
  ['revocation', 'evidence', { type: 'revocation', commit }],
];

describe.each(events)('a %s entry', (type, role, event) => {
  const entry: JournalEntry = { ...frame, event };

  it(`reads back as it was signed, with the ${role} key`, async () => {
    const bytes = await signJournalEntry(signers, entry);
    expect(openJournalEntry(bytes, keys)).toEqual(entry);
    expect(bundleJson(bytes).verificationMaterial.publicKey.hint).toBe(signers[role].key.hint);
  });

  it('has the payload on file', async () => {
    const payload = JSON.parse(payloadOf(await signJournalEntry(signers, entry)).toString());
    expect(payload.subject).toEqual([{ name: 'datasets/org/name', digest: { gitCommit: commit } }]);
    await expect(JSON.stringify(payload, null, 2)).toMatchFileSnapshot(
      `../fixtures/vectors/airlock/journal-${type}.payload.json`,
    );
  });

  it('is refused when the key of the other role signed it', async () => {
    const other = role === 'approval' ? signers.evidence : signers.approval;
    const bytes = await resigned(other, await signJournalEntry(signers, entry), () => undefined);
    const { code, message } = await refusal(() => openJournalEntry(bytes, keys));
    expect(code).toBe('signature-invalid');
    expect(message).toContain(`only the ${role} key may sign it`);
  });

  it('is refused when a key of nobody signed it, or a bit of it was flipped', async () => {
    const good = await signJournalEntry(signers, entry);
    const forged = await resigned(testSigner(role, 'stranger'), good, () => undefined);
    expect((await refusal(() => openJournalEntry(forged, keys))).message).toContain('not among the 2 known keys');
    const flipped = payloadOf(good);
    flipped[90] = (flipped[90] ?? 0) ^ 1;
    const bytes = tampered(good, (b) => (b.dsseEnvelope.payload = flipped.toString('base64')));
    expect((await refusal(() => openJournalEntry(bytes, keys))).code).toBe('signature-invalid');
  });
});

describe('a journal entry', () => {
  const pin: JournalEntry = { ...frame, event: { type: 'pin', ref: parseRef('main'), refKind: 'branch', commit } };

  it('is the first exactly when it has no previous one', async () => {
    const first = { ...pin, seq: 1, previous: null };
    expect(openJournalEntry(await signJournalEntry(signers, first), keys)).toEqual(first);
    for (const bad of [
      { ...pin, previous: null },
      { ...pin, seq: 1 },
    ])
      expect((await refusal(() => signJournalEntry(signers, bad))).message).toContain('only the first entry');
  });

  const broken: [string, (statement: ReturnType<typeof JSON.parse>) => void, string][] = [
    ['an extra field', (s) => (s.predicate.extra = 1), 'extra'],
    ['an extra field of the event', (s) => (s.predicate.event.statement = 'a'.repeat(64)), 'statement'],
    ['an event of no kind', (s) => (s.predicate.event.type = 'promotion'), 'event'],
    ['number 0', (s) => (s.predicate.seq = 0), 'seq'],
    ['a number that is no integer', (s) => (s.predicate.seq = 2.5), 'seq'],
    ['a number as text', (s) => (s.predicate.seq = '2'), 'seq'],
    ['no author', (s) => (s.predicate.by = ''), 'by'],
    ['no reason', (s) => (s.predicate.reason = '\n'), 'reason'],
    ['a local time', (s) => (s.predicate.at = '2026-11-21T10:00:00'), 'at'],
    ['a previous entry that is no digest', (s) => (s.predicate.previous = 'x'), 'is not a sha256'],
    ['a ref with another spelling', (s) => (s.predicate.event.ref = 'HEAD'), 'is spelled "main"'],
    ['a ref that looks like a commit', (s) => (s.predicate.event.ref = commit), 'can not have this name'],
    ['a kind of ref that does not exist', (s) => (s.predicate.event.refKind = 'note'), 'refKind'],
    ['a subject of another commit', (s) => (s.subject[0].digest.gitCommit = 'f'.repeat(40)), 'subject'],
    ['a subject of another repo', (s) => (s.subject[0].name = 'models/org/name'), 'subject'],
    ['a second subject', (s) => s.subject.push(s.subject[0]), 'subject'],
  ];

  it.each(broken)('is refused with %s, whoever signed it', async (_, change, why) => {
    const bytes = await resigned(signers.approval, await signJournalEntry(signers, pin), change);
    const { code, message } = await refusal(() => openJournalEntry(bytes, keys));
    expect(code).toBe('record-invalid');
    expect(message).toContain(why);
  });

  it('can not be made from a revocation by changing its event: the role no longer fits', async () => {
    const revocation = await signJournalEntry(signers, { ...frame, event: { type: 'revocation', commit } });
    const bytes = await resigned(signers.evidence, revocation, (s) => {
      s.predicate.event = { type: 'approval', commit, accepts: [] };
    });
    expect((await refusal(() => openJournalEntry(bytes, keys))).code).toBe('signature-invalid');
  });

  it('is not a release statement, though the same key signs both', async () => {
    const statement = await signReleaseStatement(signers.approval, release);
    expect((await refusal(() => openJournalEntry(statement, keys))).code).toBe('record-invalid');
  });

  it('is not signed when the signers are mixed up', async () => {
    const mixed = { approval: signers.evidence, evidence: signers.approval };
    expect((await refusal(() => signJournalEntry(mixed, pin))).code).toBe('signature-invalid');
  });
});
