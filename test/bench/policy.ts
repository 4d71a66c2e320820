// SPDX-License-Identifier: Apache-2.0
import { parsePolicyParts } from '#src/config/policy-files.ts';
import type { Evidence } from '#src/domain/evidence.ts';
import { evaluate } from '#src/policy/evaluate.ts';
import { packEvidence, unpackEvidence } from '#src/policy/evidence-document.ts';
import type { PolicyRules } from '#src/policy/rules.ts';
import { contextOf, evidenceOf, scan } from '#test/policy/samples.ts';

/*
 * `npm run bench:policy`: what a decision costs. A snapshot of 500 files, under the defaults, under every rule, and with
 * custom rules; and the same taken from its stored form. Milliseconds of CPU, median of 300 after 100 to warm up.
 */

const FILES = 500;
const RUNS = 300;

const scans = Object.fromEntries(
  Array.from({ length: FILES }, (_, i) =>
    i % 5 === 0
      ? [`data/f${i}.safetensors`, scan('safetensors', 'pass')]
      : [`data/some/folder/f${i}.json`, scan('json', 'pass', 'note')],
  ),
);
const evidence: Evidence = { ...evidenceOf({ scans }), card: { sections: ['license', 'limitations'] } };
const { policy } = parsePolicyParts({});
const all: PolicyRules = {
  ...policy,
  files: { ...policy.files, allow: ['*.safetensors', '*.json'], deny: ['*.exe', 'format:pickle'], secrets: 'deny' },
  card: { require: ['license', 'limitations'], missing: 'hold' },
  publisher: { ...policy.publisher, deny: ['bad-*'], minCommitAgeHours: 24 },
};
const when = 'evidence.files.exists(f, f.scan.findings.exists(x, x.rule == "evil"))';
const custom = { ...all, custom: [{ id: 'one', effect: 'deny' as const, when, message: 'no' }] };
const context = { ...contextOf(), limits: { maxFiles: 10_000, maxFileBytes: 1e12, maxSnapshotBytes: 1e12 } };
const packed = packEvidence(evidence);
if (!packed) throw new Error('it is small');

measure('defaults', () => evaluate(evidence, policy, context));
measure('every rule', () => evaluate(evidence, all, context));
measure('every rule, and one in CEL', () => evaluate(evidence, custom, context));
measure('from stored evidence, every rule', () => evaluate(unpackEvidence(packed) as Evidence, all, context));

function measure(name: string, work: () => unknown): void {
  const times: number[] = [];
  for (let i = 0; i < RUNS + 100; i++) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    if (i >= 100) times.push((user + system) / 1000);
  }
  const median = times.sort((a, b) => a - b)[RUNS / 2] ?? 0;
  process.stdout.write(`${name}: ${median.toFixed(3)} ms for ${FILES} files\n`);
}
