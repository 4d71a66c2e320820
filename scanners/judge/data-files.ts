// SPDX-License-Identifier: Apache-2.0
import { mergedRanges, type Range } from '../ranges.ts';
import type { Rules } from '../rules.ts';
import { type Finding, shown, verdictOf } from './finding.ts';
import type { Judgement } from './findings.ts';
import type { SnapshotPart } from './snapshot-part.ts';

/** Raw tensor data is explained by the models that name it: they change the judgements of both. */
export function explainData(files: Map<string, Judgement>, parts: readonly SnapshotPart[], rules: Rules): void {
  for (const [path, claims] of claimsOf(parts, rules)) explain(files, path, claims, parts);
}

/** One file says that a range of another one is its data. */
interface Claim {
  readonly by: string;
  readonly range: Range;
}

/** By the path of the data file. */
function claimsOf(parts: readonly SnapshotPart[], rules: Rules): ReadonlyMap<string, readonly Claim[]> {
  const claims = new Map<string, Claim[]>();
  for (const { path, uses } of parts)
    for (const use of uses) {
      const rule = Object.hasOwn(rules.snapshot.data, use.scheme) ? rules.snapshot.data[use.scheme] : undefined;
      const named = rule && dataFile(path, use.name, rule.file);
      if (named === undefined) continue;
      const claim = { by: path, range: named.range };
      const same = claims.get(named.path);
      if (same) same.push(claim);
      else claims.set(named.path, [claim]);
    }
  return claims;
}

/** The use is named as scanners/claims.ts says; `*` is the model's own name, in the rule's path or the use's. */
function dataFile(path: string, name: string, file: string | undefined): { path: string; range: Range } | undefined {
  const [, begin = '', end = '', written = ''] = /^(\d{1,16})-(\d{1,16})(?: (.+))?$/.exec(name) ?? [];
  const relative = (file ?? written).replace('*', () => stemOf(path));
  const named = begin === '' || relative === '' ? undefined : beside(path, relative);
  return named === undefined ? undefined : { path: named, range: [Number(begin), Number(end)] };
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

/** Between tensors, and behind the last: ONNX's and Windows' granularity for files that are mapped into memory. */
const PADDING = 64 * 1024;
/** Tensors of a megabyte and more are padded so; all padding together stays far below what it pads. */
const PADDED = 8;

function explain(
  files: Map<string, Judgement>,
  path: string,
  claims: readonly Claim[],
  parts: readonly SnapshotPart[],
): void {
  const data = parts.find((part) => part.path === path);
  const judged = files.get(path);
  const most = claims.reduce((a, b) => (b.range[1] > a.range[1] ? b : a));
  if (data === undefined || judged === undefined) {
    for (const by of new Set(claims.map((claim) => claim.by))) add(files, by, missing(path));
    return;
  }
  if (data.size < most.range[1]) add(files, most.by, short(path, data.size, most.range[1]));
  if (data.format !== 'unknown') return;
  const others = judged.findings.filter(({ rule }) => rule !== 'unrecognised-content');
  const rest = unclaimed(claims, data.size);
  const finding = rest === undefined ? explained(most.by) : unexplained(most.by, rest);
  files.set(path, withFindings(judged, [...others, finding]));
}

/** Bytes that are neither a tensor nor padding, and where the largest hole is. */
interface Rest {
  readonly bytes: number;
  readonly at: number;
}

function unclaimed(claims: readonly Claim[], size: number): Rest | undefined {
  const holes: Rest[] = [];
  let at = 0;
  for (const [begin, end] of [...mergedRanges(claims.map(({ range }) => range)), [size, size] as const]) {
    if (Math.min(begin, size) > at) holes.push({ bytes: Math.min(begin, size) - at, at });
    at = Math.max(at, end);
  }
  const bytes = holes.reduce((sum, hole) => sum + hole.bytes, 0);
  const [largest] = [...holes].sort((a, b) => b.bytes - a.bytes);
  const isPadding = largest === undefined || (largest.bytes <= PADDING && bytes <= Math.max(PADDING, size / PADDED));
  return isPadding ? undefined : { bytes, at: largest.at };
}

function add(files: Map<string, Judgement>, path: string, finding: Finding): void {
  const judged = files.get(path);
  if (judged) files.set(path, withFindings(judged, [...judged.findings, finding]));
}

/** What was unscannable stays so, unless the snapshot shows that it is worse. */
function withFindings(judged: Judgement, findings: readonly Finding[]): Judgement {
  return { ...judged, findings, verdict: verdictOf(findings, judged.verdict !== 'unscannable') };
}

function missing(path: string): Finding {
  return { rule: 'data-file-missing', level: 'info', message: `its data ${shown(path)} is not part of the snapshot` };
}

function short(path: string, size: number, bytes: number): Finding {
  const message = `its data ${shown(path)} has ${size} bytes, and ${bytes} are needed`;
  return { rule: 'data-file-short', level: 'review', message };
}

function explained(by: string): Finding {
  return { rule: 'data-file', level: 'info', message: `is the data of ${shown(by)}` };
}

function unexplained(by: string, { bytes, at }: Rest): Finding {
  const message = `is the data of ${shown(by)}, which accounts for all but ${bytes} bytes; most of these begin at ${at}`;
  return { rule: 'data-file-rest', level: 'review', message };
}
