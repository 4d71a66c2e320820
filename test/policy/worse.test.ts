// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sha256Of } from '#src/domain/digest.ts';
import { CARD_SECTIONS, type Evidence, type Finding, type ScannedFile } from '#src/domain/evidence.ts';
import { evaluate } from '#src/policy/evaluate.ts';
import type { PolicyRules } from '#src/policy/rules.ts';
import { contextOf, evidenceOf, RULES, type Scans, scan, sourceFile } from './samples.ts';

const NAMES = ['a.bin', 'b.safetensors', 'c.json', 'd.py', 'e.conf', 'tokenizer.model'] as const;
const FORMATS = ['safetensors', 'json', 'text', 'unknown', 'pickle'] as const;
const BEHIND = { pass: [], review: ['credential', 'custom-code'], block: ['evil'], unscannable: ['budget'] } as const;
const DATES = ['2020-01-01T00:00:00Z', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'] as const;

const scans: fc.Arbitrary<Scans> = fc.dictionary(
  fc.constantFrom(...NAMES),
  fc
    .tuple(
      fc.constantFrom(...FORMATS),
      fc.constantFrom('pass', 'pass', 'pass', 'pass', 'review', 'block', 'unscannable'),
    )
    .map(([format, verdict]) => scan(verdict === 'pass' ? 'json' : format, verdict, ...BEHIND[verdict])),
  { minKeys: 1, maxKeys: 3, noNullPrototype: true },
);

const evidences: fc.Arbitrary<Evidence> = fc
  .record({
    scans,
    license: fc.constantFrom(['mit'], ['mit'], ['mit'], [], ['gemma'], ['other']),
    gated: fc.constantFrom(false, false, false, true),
    sections: fc.oneof(fc.constant([...CARD_SECTIONS]), fc.subarray([...CARD_SECTIONS])),
    lastModified: fc.constantFrom(...DATES),
  })
  .map(({ sections, lastModified, ...sample }) => {
    const { manifest, ...rest } = evidenceOf(sample);
    const source = { ...manifest.source, createdAt: DATES[0], lastModified };
    return { ...rest, manifest: { ...manifest, source }, card: { sections } };
  });

const policies: fc.Arbitrary<PolicyRules> = fc
  .record({
    review: fc.constantFrom('hold' as const, 'deny' as const),
    block: fc.constantFrom('hold' as const, 'deny' as const),
    withhold: fc.boolean(),
    secrets: fc.constantFrom('review' as const, 'hold' as const, 'deny' as const, 'allow' as const),
    allow: fc.constantFrom([], ['*.safetensors', '*.json'], ['format:safetensors']),
    deny: fc.constantFrom([], ['*.py'], ['format:pickle']),
    require: fc.oneof(fc.constant([]), fc.subarray([...CARD_SECTIONS])),
    minCommitAgeHours: fc.constantFrom(0, 24),
    custom: fc.boolean(),
  })
  .map(({ review, block, withhold, secrets, allow, deny, require, minCommitAgeHours, custom }) => ({
    ...RULES,
    verdicts: { ...RULES.verdicts, review, block },
    withhold: { reviewBesideSafetensors: withhold },
    files: { ...RULES.files, secrets, allow, deny },
    card: { ...RULES.card, require },
    publisher: { ...RULES.publisher, minCommitAgeHours },
    custom: custom ? [NO_PICKLE] : [],
  }));

const NO_PICKLE = {
  id: 'no-pickle',
  effect: 'hold' as const,
  when: 'evidence.files.exists(f, f.scan.format == "pickle")',
  message: 'no',
};

type Worse = (evidence: Evidence, rules: PolicyRules, at: number) => readonly [Evidence, PolicyRules];

/** Ways in which evidence gets worse, or a policy stricter. */
const WORSE: Readonly<Record<string, Worse>> = {
  'another finding': (evidence, rules, at) => [
    changed(evidence, at, ({ scan: old, ...file }) => {
      const more: Finding = { rule: 'worse', level: at % 2 ? 'block' : 'review', message: 'm' };
      const verdict = old.verdict === 'pass' ? (at % 2 ? 'block' : 'review') : old.verdict;
      return { ...file, scan: { ...old, verdict, findings: [...old.findings, more] } };
    }),
    rules,
  ],
  'a file that was not read to its end': (evidence, rules, at) => [
    changed(evidence, at, ({ scan: old, ...file }) => ({ ...file, scan: { ...old, verdict: 'unscannable' } })),
    rules,
  ],
  'another file that a person has to look at': (evidence, rules, at) => {
    const file = sourceFile(`z${at}.bin`);
    const scanned = { ...file, sha256: sha256Of(file.path), scan: scan('pickle', 'review', 'odd') };
    const manifest = { ...evidence.manifest, files: [...evidence.manifest.files, file] };
    return [{ ...evidence, manifest, files: [...evidence.files, scanned] }, rules];
  },
  'fewer parts of the card': (evidence, rules, at) => {
    const sections = evidence.card?.sections.filter((_, i, all) => i !== at % all.length) ?? [];
    return [{ ...evidence, card: { sections } }, rules];
  },
  'no license': (evidence, rules) => [{ ...evidence, license: { declared: [], from: 'nowhere' } }, rules],
  'a younger commit': (evidence, rules) => [withSource(evidence, { lastModified: '2026-01-02T03:00:00Z' }), rules],
  'no date at all': ({ manifest, ...rest }, rules) => {
    const { lastModified: _, createdAt: __, ...source } = manifest.source;
    return [{ ...rest, manifest: { ...manifest, source } }, rules];
  },
  'a repo that is not open to all': (evidence, rules) => [withSource(evidence, { private: true }), rules],
  'a warning of upstream': (evidence, rules, at) => {
    const { path } = evidence.files[at % evidence.files.length] ?? sourceFile('a.bin');
    const level = at % 2 ? 'unsafe' : 'suspicious';
    return [withSource(evidence, { issues: [...(evidence.manifest.source.issues ?? []), { path, level }] }), rules];
  },
  'one more custom rule': (evidence, rules, at) => {
    const when = at % 2 ? 'size(evidence.files) > 0' : 'evidence.code.files.size() > 0';
    return [evidence, { ...rules, custom: [...rules.custom, { id: 'more', effect: 'deny', when, message: 'm' }] }];
  },
};

function changed(evidence: Evidence, at: number, change: (file: ScannedFile) => ScannedFile): Evidence {
  const index = at % evidence.files.length;
  return { ...evidence, files: evidence.files.map((file, i) => (i === index ? change(file) : file)) };
}

function withSource(evidence: Evidence, more: Partial<Evidence['manifest']['source']>): Evidence {
  const { manifest } = evidence;
  return { ...evidence, manifest: { ...manifest, source: { ...manifest.source, ...more } } };
}

test.each(Object.keys(WORSE))('%s never turns a refusal into an approval', (name) => {
  let refused = 0;
  let approved = 0;
  fc.assert(
    fc.property(evidences, policies, fc.nat(20), (evidence, rules, at) => {
      const before = evaluate(evidence, rules, contextOf()).outcome;
      const worse = WORSE[name]?.(evidence, rules, at);
      if (!worse) throw new Error('there is one');
      const after = evaluate(...worse, contextOf()).outcome;
      if (before === 'approved') approved++;
      else {
        refused++;
        expect(after).not.toBe('approved');
      }
    }),
    { numRuns: 300 },
  );
  // That it looked at something, and that not everything is refused anyway.
  expect(refused).toBeGreaterThan(50);
  expect(approved).toBeGreaterThan(0);
});
