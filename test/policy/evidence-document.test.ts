// SPDX-License-Identifier: Apache-2.0
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Evidence, Finding } from '#src/domain/evidence.ts';
import { evaluate } from '#src/policy/evaluate.ts';
import { boundedEvidence, packEvidence, unpackEvidence } from '#src/policy/evidence-document.ts';
import { publisherOf } from '#src/policy/publisher.ts';
import { contextOf, evidenceOf, RULES, scan, WEIGHTS } from './samples.ts';

function withFindings(count: number, files = 1): Evidence {
  const findings: Finding[] = Array.from({ length: count }, (_, i) => ({
    rule: `rule-${i % 70}`,
    level: i === count - 1 ? 'block' : 'review',
    message: 'x'.repeat(1000),
  }));
  const names = Array.from({ length: files }, (_, i) => [`f${i}.bin`, { ...scan('pickle', 'block'), findings }]);
  return evidenceOf({ scans: Object.fromEntries(names) });
}

describe('stored evidence', () => {
  test('comes back as it was, and gives the same decision', () => {
    const evidence: Evidence = {
      ...evidenceOf({
        scans: { ...WEIGHTS, 'a.bin': scan('pickle', 'review', 'odd') },
        source: { exclude: ['*.txt'] },
      }),
      card: { sections: ['license'], tags: ['a'] },
      code: { digest: 'a'.repeat(64), files: ['m.py'], namedBy: ['config.json'] },
      publisher: { namespace: 'org', oldest: '2020-01-01T00:00:00Z' },
    };
    const back = unpackEvidence(packEvidence(evidence) ?? Buffer.alloc(0));
    expect(back).toEqual(evidence);
    expect(evaluate(back as Evidence, RULES, contextOf())).toEqual(evaluate(evidence, RULES, contextOf()));
  });

  test('is checked as foreign bytes are', () => {
    const json = (value: unknown) => gzipSync(JSON.stringify(value));
    const evidence = evidenceOf({ scans: WEIGHTS });
    for (const bytes of [
      Buffer.from('no gzip'),
      gzipSync('no json'),
      json({}),
      json({ ...evidence, license: 'mit' }),
      json({ ...evidence, liscense: evidence.license }),
      json({ ...evidence, files: [{ ...evidence.files[0], path: '../x' }] }),
      gzipSync(Buffer.alloc(129 * 2 ** 20)),
    ])
      expect(() => unpackEvidence(bytes)).toThrow('Stored evidence can not be read.');
  });

  test('of a listing with a million files is not kept', () => {
    const evidence = evidenceOf({ scans: WEIGHTS });
    const [file] = evidence.manifest.files;
    if (!file) throw new Error('there is one');
    const files = Array.from({ length: 50_001 }, () => file);
    expect(packEvidence({ ...evidence, manifest: { ...evidence.manifest, files } })).toBeUndefined();
  });
});

describe('bounded evidence', () => {
  test('keeps one finding of every rule and level, whatever their number, so that no reason is lost', () => {
    const evidence = withFindings(5000);
    const bounded = boundedEvidence(evidence);
    expect(bounded.files[0]?.scan.findings).toHaveLength(71);
    const rules = (one: Evidence) =>
      evaluate(one, RULES, contextOf()).reasons.map(({ rule, findings }) => ({ rule, findings }));
    expect(rules(bounded)).toEqual(rules(evidence));
  });

  test('has an end for a snapshot as a whole', () => {
    const bounded = boundedEvidence(withFindings(100, 300));
    const total = bounded.files.reduce((sum, file) => sum + file.scan.findings.length, 0);
    expect(total).toBeLessThanOrEqual(300 * 71);
    expect(packEvidence(bounded)?.length).toBeLessThan(2 ** 20);
  });
});

test('a publisher is the namespace that upstream uses, with the dates that upstream names', () => {
  const { source } = evidenceOf({ scans: WEIGHTS }).manifest;
  expect(publisherOf(source)).toEqual({ namespace: 'org' });
  const dated = { ...source, createdAt: '2020-01-01T00:00:00Z', lastModified: '2021-01-01T00:00:00Z' };
  expect(publisherOf({ ...dated, repo: { kind: 'models', id: 'gpt2' } })).toEqual({
    namespace: '',
    oldest: '2020-01-01T00:00:00Z',
    newest: '2021-01-01T00:00:00Z',
  });
});
