// SPDX-License-Identifier: Apache-2.0

import { createPublicKey } from 'node:crypto';
import { bundleFromJSON } from '@sigstore/bundle';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import { beforeAll, describe, expect, it } from 'vitest';
import { sortByPath } from '#src/attest/by-path.ts';
import { signBundle } from '#src/attest/envelope.ts';
import { openReleaseStatement, type ReleaseStatement, signReleaseStatement } from '#src/attest/release-statement.ts';
import { parseRepo } from '#src/domain/repo.ts';
import { bundleJson, payloadOf, refusal, resigned, STATEMENT_PAYLOAD, tampered } from './bundles.ts';
import { keys, signers } from './keys.ts';
import { release } from './release-fixture.ts';

let good: Buffer;
beforeAll(async () => {
  good = await signReleaseStatement(signers.approval, release);
});

describe('a release statement', () => {
  it('reads back as it was signed, with its files in byte order', () => {
    const opened = openReleaseStatement(good, keys);
    expect(opened).toEqual({ ...release, files: sortByPath(release.files) });
    expect(opened.files.map(({ path }) => path)).toEqual([
      '.gitattributes',
      'README.md',
      'model.safetensors',
      'sub/model.py',
      '\uFF5E.txt',
      '\u{1F600}.txt',
    ]);
  });

  it('has one payload per release, whatever the order it was put together in', async () => {
    await expect(JSON.stringify(JSON.parse(payloadOf(good).toString()), null, 2)).toMatchFileSnapshot(
      '../fixtures/vectors/airlock/release-statement.payload.json',
    );
    const reversed = Object.fromEntries(Object.entries(release).reverse()) as unknown as ReleaseStatement;
    const again = await signReleaseStatement(signers.approval, { ...reversed, files: [...release.files].reverse() });
    expect(payloadOf(again)).toEqual(payloadOf(good));
  });

  it('needs nothing that is optional', async () => {
    const { ref: _ref, ...rest } = release;
    const bare: ReleaseStatement = {
      ...rest,
      upstream: { url: 'http://localhost:8080', repo: parseRepo('models', 'org/name') },
      files: sortByPath(release.files),
      withheld: [],
      excluded: [],
      license: { declared: [], from: 'the card says nothing' },
      reasons: [],
      approver: { type: 'policy' },
    };
    expect(openReleaseStatement(await signReleaseStatement(signers.approval, bare), keys)).toEqual(bare);
  });

  it('is accepted by @sigstore/verify as anybody would set it up', () => {
    const key = { rawBytes: createPublicKey(signers.approval.key.pem).export({ type: 'spki', format: 'der' }) };
    const empty = { mediaType: '', tlogs: [], certificateAuthorities: [], timestampAuthorities: [], ctlogs: [] };
    const trust = toTrustMaterial(empty, { [signers.approval.key.hint]: { ...key, keyDetails: 5 } });
    const verifier = new Verifier(trust, { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 });
    const check = (bytes: Buffer) => verifier.verify(toSignedEntity(bundleFromJSON(bundleJson(bytes))));
    expect(() => check(good)).not.toThrow();
    expect(() => check(tampered(good, (b) => (b.dsseEnvelope.payload = 'e30=')))).toThrow('signature verification');
  });
});

describe('openReleaseStatement', () => {
  it('refuses a payload with one byte flipped', async () => {
    const flipped = payloadOf(good);
    flipped[40] = (flipped[40] ?? 0) ^ 1;
    const bytes = tampered(good, (b) => (b.dsseEnvelope.payload = flipped.toString('base64')));
    expect((await refusal(() => openReleaseStatement(bytes, keys))).code).toBe('signature-invalid');
  });

  it('refuses the evidence key, when signing and when reading', async () => {
    expect((await refusal(() => signReleaseStatement(signers.evidence, release))).code).toBe('signature-invalid');
    const bytes = await resigned(signers.evidence, good, () => undefined);
    const { code, message } = await refusal(() => openReleaseStatement(bytes, keys));
    expect(code).toBe('signature-invalid');
    expect(message).toBe('The release statement comes with the evidence key, and only the approval key may sign it.');
  });

  it('refuses another payload type, though the signature is right', async () => {
    const bytes = await signBundle(signers.approval, 'application/json', payloadOf(good));
    expect((await refusal(() => openReleaseStatement(bytes, keys))).code).toBe('signature-invalid');
  });

  it.each([
    ['white space', (text: string) => ` ${text}`],
    ['a member given twice', (text: string) => text.replace('"size":7', '"size":8,"size":7')],
    [
      'members in another order',
      (text: string) => JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text)).reverse())),
    ],
  ])('refuses %s in the payload: a statement has one spelling', async (_, respell) => {
    const payload = payloadOf(good).toString();
    expect(respell(payload)).not.toBe(payload);
    const bytes = await signBundle(signers.approval, STATEMENT_PAYLOAD, Buffer.from(respell(payload)));
    const { code, message } = await refusal(() => openReleaseStatement(bytes, keys));
    expect([code, message]).toEqual([
      'record-invalid',
      'The release statement is not valid: it is not canonical JSON.',
    ]);
  });

  const broken: [string, (statement: ReturnType<typeof JSON.parse>) => void, string][] = [
    ['another predicate type', (s) => (s.predicateType = 'https://example.com/other/v1'), 'predicateType'],
    ['another statement type', (s) => (s._type = 'https://in-toto.io/Statement/v0.1'), '_type'],
    ['an extra field', (s) => (s.predicate.extra = 1), 'extra'],
    ['an extra field of a file', (s) => (s.predicate.files[0].extra = 1), 'extra'],
    ['an extra field of the statement', (s) => (s.extra = 1), 'extra'],
    ['a missing commit', (s) => delete s.predicate.commit, 'commit'],
    ['a served file that is no subject', (s) => s.subject.pop(), 'subject'],
    ['a subject that is not served', (s) => s.subject.push({ name: 'x', digest: { sha256: 'a' } }), 'subject'],
    ['a subject with another digest', (s) => (s.subject[0].digest.sha256 = 'a'.repeat(64)), 'subject'],
    ['no files', (s) => [s.predicate.files, s.subject].map((list) => list.splice(0)), 'files'],
    ['files out of order', (s) => [s.predicate.files, s.subject].map((list) => list.reverse()), 'sorted'],
    ['a file named twice', (s) => s.predicate.files.splice(0, 0, s.predicate.files[0]), 'twice'],
    ['a path both served and withheld', (s) => (s.predicate.withheld[0].path = 'README.md'), 'more than once'],
    [
      'a path both withheld and excluded',
      (s) => (s.predicate.excluded[0].path = 'pytorch_model.bin'),
      'more than once',
    ],
    ['a path out of the repo', (s) => (s.predicate.files[0].path = '../x'), 'is not a file path'],
    ['a repo id that is none', (s) => (s.predicate.repo.id = 'a/b/c'), 'is not a repo id'],
    ['an unknown kind of repo', (s) => (s.predicate.repo.kind = 'buckets'), 'kind'],
    ['an upper-case digest', (s) => (s.predicate.files[0].sha256 = 'A'.repeat(64)), 'is not a sha256'],
    ['a short commit', (s) => (s.predicate.commit = '0123456'), 'is not a commit'],
    ['a ref that has another spelling', (s) => (s.predicate.ref = 'refs/heads/main'), 'is spelled "main"'],
    ['a ref that looks like a commit', (s) => (s.predicate.ref = 'a'.repeat(40)), 'can not have this name'],
    ['a negative size', (s) => (s.predicate.files[0].size = -1), 'size'],
    ['a size that is no integer', (s) => (s.predicate.files[0].size = 1.5), 'size'],
    ['a verdict that does not exist', (s) => (s.predicate.files[0].verdict = 'fine'), 'verdict'],
    ['a time that is not UTC', (s) => (s.predicate.approvedAt = '2026-11-21T10:00:00+01:00'), 'approvedAt'],
    ['a hold that nobody accepted', (s) => delete s.predicate.reasons[1].accepted, 'nobody accepted it'],
    ['a deny that nobody accepted', (s) => (s.predicate.reasons[0].effect = 'deny'), 'nobody accepted it'],
    ['a person without a name', (s) => (s.predicate.approver.name = ' '), 'approver'],
    ['an approver of no kind', (s) => (s.predicate.approver = {}), 'approver'],
    ['an upstream that is no web address', (s) => (s.predicate.upstream.url = 'file:///etc'), 'url'],
    ['null in place of a field', (s) => (s.predicate.ref = null), 'ref'],
    ['no predicate', (s) => delete s.predicate, 'predicate'],
  ];

  it.each(broken)('refuses %s, whoever signed it', async (_, change, why) => {
    const bytes = await resigned(signers.approval, good, change);
    const { code, message } = await refusal(() => openReleaseStatement(bytes, keys));
    expect(code).toBe('record-invalid');
    expect(message).toContain(why);
  });

  it('lists everything that is wrong, and not the first thing only', async () => {
    const bytes = await resigned(signers.approval, good, (s) => {
      s.predicate.commit = 'x';
      s.predicate.files[0].path = '/x';
    });
    const { message } = await refusal(() => openReleaseStatement(bytes, keys));
    expect(message).toContain('is not a commit');
    expect(message).toContain('is not a file path');
  });
});

describe('signReleaseStatement', () => {
  it('does not sign what could not be opened', async () => {
    const [first] = release.files;
    const unsettled = release.reasons.map(({ accepted: _accepted, ...reason }) => reason);
    for (const bad of [{ reasons: unsettled }, { files: [] }, { files: first ? [first, first] : [] }, { extra: 1 }])
      expect((await refusal(() => signReleaseStatement(signers.approval, { ...release, ...bad }))).code).toBe(
        'record-invalid',
      );
  });
});
