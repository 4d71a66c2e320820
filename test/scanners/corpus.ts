// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { extract } from '#scanners/extract.ts';
import { RandomBytes } from '#scanners/io/bytes.ts';
import { createJudge, type Judgement } from '#scanners/judge/findings.ts';
import { judgeSnapshot } from '#scanners/judge/snapshot.ts';
import { type SnapshotPart, snapshotPart } from '#scanners/judge/snapshot-part.ts';
import type { Rules } from '#scanners/rules.ts';

export const OPEN_CORPUS = resolve(import.meta.dirname, '../fixtures/corpus');

export type Label = 'malicious' | 'suspicious' | 'benign';
export type SampleVerdict = Judgement['verdict'];

/** One labelled sample: a file, or a small repo (`tree`) whose verdict is that of its worst file. */
export interface Sample {
  readonly id: string;
  readonly label: Label;
  readonly family: string;
  readonly reason: string;
  readonly kind: 'file' | 'tree';
  readonly files: readonly { readonly path: string; readonly sha256: string; readonly stored?: 'base64' }[];
}

export interface Judged {
  readonly sample: Sample;
  readonly verdict: SampleVerdict;
  readonly findings: readonly string[];
}

export async function samplesOf(corpus: string): Promise<readonly Sample[]> {
  const manifest = JSON.parse(await readFile(join(corpus, 'manifest.json'), 'utf8')) as { samples: Sample[] };
  return manifest.samples;
}

/** The sample as the mirror would judge it, without the sandbox around the extractors. */
export async function judgeSample(corpus: string, sample: Sample, rules: Rules): Promise<Judged> {
  const judge = createJudge(rules);
  const parts: SnapshotPart[] = [];
  const judgements = new Map<string, Judgement>();
  for (const { path, bytes, sha256 } of await readSample(corpus, sample)) {
    const facts = await extract(RandomBytes.ofMemory(bytes));
    parts.push(snapshotPart(facts, { path, size: bytes.length, sha256 }, rules));
    judgements.set(path, judge(facts, path));
  }
  const { files } = judgeSnapshot(parts, judgements, rules);
  const worst = [...files.values()].map(({ verdict }) => verdict).reduce(worse, 'pass');
  const findings = [...files.values()].flatMap((one) => one.findings.map(({ rule, level }) => `${level} ${rule}`));
  return { sample, verdict: worst, findings: [...new Set(findings)] };
}

/** The files of a sample, by their paths in the repo: the sample's own folder is no part of it. */
export async function readSample(
  corpus: string,
  sample: Sample,
): Promise<{ path: string; bytes: Buffer; sha256: string }[]> {
  const files: { path: string; bytes: Buffer; sha256: string }[] = [];
  for (const file of sample.files) {
    const path = file.path.split('/').slice(1).join('/');
    files.push({ path, bytes: await contentOf(corpus, file), sha256: file.sha256 });
  }
  return files;
}

async function contentOf(corpus: string, { path, stored }: Sample['files'][number]): Promise<Buffer> {
  const file = join(corpus, 'files', path);
  if (stored !== 'base64') return readFile(file);
  return Buffer.from(await readFile(`${file}.b64`, 'latin1'), 'base64');
}

const WORST: readonly SampleVerdict[] = ['pass', 'review', 'unscannable', 'block'];

function worse(a: SampleVerdict, b: SampleVerdict): SampleVerdict {
  return WORST.indexOf(a) >= WORST.indexOf(b) ? a : b;
}

/** Counts of one family, or of all. `unscannable` is never counted as blocked. */
export interface Row {
  readonly family: string;
  readonly malicious: number;
  readonly notPassed: number;
  readonly blocked: number;
  readonly suspicious: number;
  readonly flagged: number;
  readonly benign: number;
  readonly falseAlarms: number;
  readonly unscannable: number;
}

export function rowOf(family: string, judged: readonly Judged[]): Row {
  const count = (label: Label, verdicts: readonly SampleVerdict[]) =>
    judged.filter(({ sample, verdict }) => sample.label === label && verdicts.includes(verdict)).length;
  const open: readonly SampleVerdict[] = ['review', 'block', 'unscannable'];
  return {
    family,
    malicious: count('malicious', WORST),
    notPassed: count('malicious', open),
    blocked: count('malicious', ['block']),
    suspicious: count('suspicious', WORST),
    flagged: count('suspicious', open),
    benign: count('benign', WORST),
    falseAlarms: count('benign', open),
    unscannable: judged.filter(({ verdict }) => verdict === 'unscannable').length,
  };
}

/** A table for people: recall and false alarms, family by family. */
export function tableOf(judged: readonly Judged[]): string {
  const families = [...new Set(judged.map(({ sample }) => sample.family))].sort();
  const rows = families.map((family) =>
    rowOf(
      family,
      judged.filter(({ sample }) => sample.family === family),
    ),
  );
  const all = [...rows, rowOf('all', judged)];
  const share = (part: number, whole: number) => (whole === 0 ? '-' : `${part}/${whole}`);
  const head = [
    'family',
    'malicious not passed',
    'blocked',
    'suspicious not passed',
    'benign not passed',
    'unscannable',
  ];
  const cells = all.map((row) => [
    row.family,
    share(row.notPassed, row.malicious),
    share(row.blocked, row.malicious),
    share(row.flagged, row.suspicious),
    share(row.falseAlarms, row.benign),
    String(row.unscannable),
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...cells.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [head, ...cells].map(line).join('\n');
}
