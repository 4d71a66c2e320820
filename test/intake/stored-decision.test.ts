// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import type { Decision } from '#src/domain/decision.ts';
import { sha256Of } from '#src/domain/digest.ts';
import type { Finding, ScannedFile } from '#src/domain/evidence.ts';
import { storedDecision } from '#src/intake/stored-decision.ts';

const decision: Decision = {
  ...{ outcome: 'held', reasons: [], withheld: [], rulesVersion: '1', decidedAt: '2026-01-01T00:00:00.000Z' },
  policyDigest: sha256Of('policy'),
};
const findings = (count: number, message = 'm'): Finding[] =>
  Array.from({ length: count }, () => ({ rule: 'r', level: 'review', message }));
const file = (path: string, found: Finding[]): ScannedFile =>
  ({ path, scan: { format: 'pickle', verdict: 'review', findings: found } }) as unknown as ScannedFile;
const stored = (files: ScannedFile[]) => storedDecision(decision, 'acme/tiny', undefined, undefined, files);

it('keeps what there is to say, and says nothing of what is left off where nothing is', () => {
  const kept = stored([file('a', findings(50)), file('b', findings(3))]);
  expect(kept.files.map(({ path, findings: found }) => [path, found.length])).toEqual([
    ['a', 50],
    ['b', 3],
  ]);
  expect(kept).not.toHaveProperty('findingsLeftOff');
});

it('keeps every file and its verdict, and at most 500 findings', () => {
  const kept = stored(Array.from({ length: 1000 }, (_, i) => file(`f${i}`, findings(60))));
  expect(kept.files).toHaveLength(1000);
  expect(kept.files.every(({ verdict }) => verdict === 'review')).toBe(true);
  expect(kept.files.flatMap((one) => one.findings)).toHaveLength(500);
  expect(kept.findingsLeftOff).toBe(60_000 - 500);
});

it('keeps no more findings than fit into 256 KiB', () => {
  const kept = stored(Array.from({ length: 100 }, (_, i) => file(`f${i}`, findings(5, 'x'.repeat(10_000)))));
  expect(JSON.stringify(kept).length).toBeLessThan(300_000);
  expect(kept.findingsLeftOff).toBeGreaterThan(400);
});
