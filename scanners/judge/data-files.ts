// SPDX-License-Identifier: Apache-2.0
import { parseRange } from '../claims.ts';
import { isPadding, mergedRanges, type Range } from '../ranges.ts';
import type { Rules } from '../rules.ts';
import { type Finding, shown, verdictOf } from './finding.ts';
import type { Judgement } from './findings.ts';
import type { SnapshotPart } from './snapshot-part.ts';

/** Raw tensor data is explained by the models that name it: they change the judgements of both. */
export function explainData(files: Map<string, Judgement>, parts: readonly SnapshotPart[], rules: Rules): void {
  const known = new Map(parts.map((part) => [part.path, part]));
  const absent = new Map(parts.map(({ path }) => [path, [] as string[]]));
  for (const [path, claims] of claimsOf(parts, rules)) {
    const data = known.get(path);
    if (data) explain(files, data, claims);
    else for (const by of claims.keys()) absent.get(by)?.push(path);
  }
  for (const [by, paths] of absent) if (paths.length > 0) add(files, by, missing(paths));
}

/** What is claimed of one data file, by the path of the model that claims it. */
type Claims = ReadonlyMap<string, readonly Range[]>;

/** By the path of the data file. Several models may share one, as encoders and decoders do. */
function claimsOf(parts: readonly SnapshotPart[], rules: Rules): ReadonlyMap<string, Claims> {
  const claims = new Map<string, Map<string, Range[]>>();
  for (const { path, uses } of parts)
    for (const use of uses) {
      const rule = Object.hasOwn(rules.snapshot.data, use.scheme) ? rules.snapshot.data[use.scheme] : undefined;
      const named = rule && dataFile(path, use.name, rule.file);
      if (named === undefined) continue;
      const byModel = claims.get(named.path) ?? new Map<string, Range[]>();
      claims.set(named.path, byModel);
      const ranges = byModel.get(path);
      if (ranges) ranges.push(named.range);
      else byModel.set(path, [named.range]);
    }
  return claims;
}

/** The use is named as scanners/claims.ts says; `*` is the model's own name, in the rule's path or the use's. */
function dataFile(path: string, name: string, file: string | undefined): { path: string; range: Range } | undefined {
  const [, first = '', written = ''] = /^(\S+)(?: (.+))?$/s.exec(name) ?? [];
  const range = parseRange(first);
  const relative = (file ?? written).replace('*', () => stemOf(path));
  const named = relative === '' ? undefined : beside(path, relative);
  return named === undefined || range === undefined ? undefined : { path: named, range };
}

function stemOf(path: string): string {
  const base = path.split('/').at(-1) ?? '';
  const dot = base.lastIndexOf('.');
  return dot > 0 ? base.slice(0, dot) : base;
}

/** Relative to the folder of the file that names it. What leads outside names no file of the snapshot. */
function beside(path: string, relative: string): string | undefined {
  const steps = [...path.split('/').slice(0, -1)];
  for (const step of relative.split('/')) {
    if (step === '' || step === '.') continue;
    if (step !== '..') steps.push(step);
    else if (steps.pop() === undefined) return undefined;
  }
  return steps.join('/');
}

/** Bytes that no model claims stay what they are alone: of a format that nobody knows. */
function explain(files: Map<string, Judgement>, { path, size, format }: SnapshotPart, claims: Claims): void {
  for (const [by, ranges] of claims) {
    const needed = ranges.reduce((most, [, end]) => (Number.isFinite(end) ? Math.max(most, end) : most), 0);
    if (size < needed) add(files, by, short(path, size, needed));
  }
  const judged = files.get(path);
  if (format !== 'unknown' || judged === undefined) return;
  const by = [...claims.keys()][0] ?? '';
  const rest = unclaimed([...claims.values()].flat(), size);
  const others = judged.findings.filter(({ rule }) => rule !== 'unrecognised-content');
  const findings = rest ? [...judged.findings, unexplained(by, rest)] : [...others, explained(by)];
  files.set(path, withFindings(judged, findings));
}

/** Bytes that are neither a tensor nor padding, and where the first of them is. */
interface Rest {
  readonly bytes: number;
  readonly at: number;
}

function unclaimed(claims: readonly Range[], size: number): Rest | undefined {
  const holes: Range[] = [];
  let at = 0;
  for (const [begin, end] of mergedRanges([[0, 0], ...claims])) {
    if (Math.min(begin, size) > at) holes.push([at, Math.min(begin, size)]);
    at = Math.max(at, end);
  }
  if (at < size && !isPadding(at, size)) holes.push([at, size]);
  const [first] = holes;
  return first && { bytes: holes.reduce((sum, [begin, end]) => sum + end - begin, 0), at: first[0] };
}

function add(files: Map<string, Judgement>, path: string, finding: Finding): void {
  const judged = files.get(path);
  if (judged) files.set(path, withFindings(judged, [...judged.findings, finding]));
}

/** What was unscannable stays so, unless the snapshot shows that it is worse. */
function withFindings(judged: Judgement, findings: readonly Finding[]): Judgement {
  return { ...judged, findings, verdict: verdictOf(findings, judged.verdict !== 'unscannable') };
}

function missing(paths: readonly string[]): Finding {
  const others = paths.length > 1 ? `, nor are ${paths.length - 1} other files of it` : '';
  const message = `its data ${shown(paths[0] ?? '')} is not part of the snapshot${others}`;
  return { rule: 'data-file-missing', level: 'info', message };
}

function short(path: string, size: number, bytes: number): Finding {
  const message = `its data ${shown(path)} has ${size} bytes, and ${bytes} are needed`;
  return { rule: 'data-file-short', level: 'review', message };
}

function explained(by: string): Finding {
  return { rule: 'data-file', level: 'info', message: `is the data of ${shown(by)}` };
}

function unexplained(by: string, { bytes, at }: Rest): Finding {
  const message = `is the data of ${shown(by)}, which accounts for all but ${bytes} bytes, the first at ${at}`;
  return { rule: 'data-file-rest', level: 'review', message };
}
