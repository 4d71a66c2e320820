// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { type Approval, reasonKey } from '#src/domain/decision.ts';
import type { CustomCode } from '#src/domain/evidence.ts';
import { codeApprovals } from '#src/policy/custom-code.ts';
import { evaluate } from '#src/policy/evaluate.ts';
import type { PolicyRules } from '#src/policy/rules.ts';
import { contextOf, evidenceOf, RULES, scan } from './samples.ts';

const CODE: CustomCode = { digest: 'a'.repeat(64), files: ['modeling_x.py'], namedBy: ['config.json'] };
const KEY = `custom-code@sha256:${CODE.digest}`;
const SCANS = {
  'model.safetensors': scan('safetensors', 'pass'),
  'config.json': scan('json', 'review', 'custom-code'),
  'modeling_x.py': scan('text', 'review', 'custom-code'),
};

const approval = (by: string, ...accepts: string[]): Approval => ({
  by,
  at: '2026-01-01T00:00:00.000Z',
  reason: 'r',
  accepts,
});
const decided = (rules: Partial<PolicyRules> = {}, more: object = {}, scans: typeof SCANS = SCANS, code = CODE) =>
  evaluate({ ...evidenceOf({ scans }), code }, { ...RULES, ...rules }, { ...contextOf(), ...more });

describe('a repo that asks its loader to run code', () => {
  it('is held with one reason, which names the files and the digest, and nothing is withheld', () => {
    const { outcome, reasons, withheld } = decided();
    expect(outcome).toBe('held');
    expect(withheld).toEqual([]);
    expect(reasons).toEqual([
      {
        rule: 'custom-code',
        effect: 'hold',
        digest: CODE.digest,
        message: `config.json asks its loader to run modeling_x.py (code digest sha256:${CODE.digest})`,
      },
    ]);
    expect(reasons.map(reasonKey)).toEqual([KEY]);
  });

  it('is approved when a person accepted that digest, of this commit or of another', () => {
    expect(decided({}, { approval: approval('ann', KEY) })).toMatchObject({
      outcome: 'approved',
      reasons: [{ accepted: 'ann' }],
    });
    const codeApproved = { codeApprovals: codeApprovals([approval('bob', 'license-missing', KEY)]) };
    expect(decided({}, codeApproved)).toMatchObject({ outcome: 'approved', reasons: [{ accepted: 'bob' }] });
  });

  it('is held again when the code is another', () => {
    const other = { ...CODE, digest: 'b'.repeat(64) };
    const more = { approval: approval('ann', KEY), codeApprovals: codeApprovals([approval('bob', KEY)]) };
    expect(decided({}, more, SCANS, other).outcome).toBe('held');
  });

  it('is denied when its code runs something at import, whoever accepted the digest', () => {
    const scans = { ...SCANS, 'modeling_x.py': scan('text', 'block', 'code-runs-at-import') };
    expect(decided({}, { approval: approval('ann', KEY, 'verdict-block:modeling_x.py') }, scans)).toMatchObject({
      outcome: 'denied',
    });
  });

  it('keeps the other findings of its files', () => {
    const scans = { ...SCANS, 'modeling_x.py': scan('text', 'review', 'custom-code', 'credential') };
    const rules = { withhold: { reviewBesideSafetensors: false } };
    expect(decided(rules, { approval: approval('ann', KEY) }, scans)).toMatchObject({
      outcome: 'held',
      reasons: expect.arrayContaining([
        expect.objectContaining({ rule: 'verdict-review', path: 'modeling_x.py', findings: ['credential'] }),
      ]),
    });
  });

  it('is denied where policy says so, and an approval of another commit does not lift that', () => {
    const more = { codeApprovals: codeApprovals([approval('bob', KEY)]) };
    expect(decided({ customCode: 'deny' }, more)).toMatchObject({ outcome: 'denied' });
  });

  it('is served without the code where policy says so', () => {
    expect(decided({ customCode: 'withhold' })).toMatchObject({
      outcome: 'approved',
      withheld: [{ path: 'modeling_x.py', rule: 'verdict-review' }],
    });
  });

  it('that names no file of its own says that the code is elsewhere', () => {
    const { reasons } = decided({}, {}, SCANS, { ...CODE, files: [] });
    expect(reasons[0]?.message).toContain('code that is not part of this repo');
  });
});
