// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { Facts, Use } from '../facts.ts';
import type { Rules } from '../rules.ts';
import { type Finding, shown, verdictOf } from './finding.ts';
import type { Judgement } from './findings.ts';
import { nameOf } from './names.ts';

/** What of one file's facts says something about the other files of its snapshot. Small, whatever the facts are. */
export interface SnapshotPart {
  readonly path: string;
  readonly size: number;
  /** Of the content, in lower-case hex. */
  readonly sha256: string;
  readonly format: string;
  readonly isCode: boolean;
  readonly uses: readonly Use[];
}

/** The code that a snapshot brings along and asks its loader to run. */
export interface CustomCode {
  /** Of path and content of all code and of all that names it: whoever approves it approves these bytes in these places. */
  readonly digest: string;
  readonly files: readonly string[];
  /** The files that name code to run. */
  readonly namedBy: readonly string[];
}

/** What only the snapshot as a whole tells. */
export interface SnapshotJudgement {
  /** The judgement of each file, as it stands among the others. */
  readonly files: ReadonlyMap<string, Judgement>;
  /** There where a file names code that a loader would run. */
  readonly code?: CustomCode;
}

const KEPT_USES = 5_000;

export function snapshotPart(
  facts: Facts,
  file: Pick<SnapshotPart, 'path' | 'size' | 'sha256'>,
  rules: Rules,
): SnapshotPart {
  const { base, extension } = nameOf(file.path);
  const isText = facts.format === 'text' || facts.format === 'json' || facts.format === 'xml';
  const isCode = isText && (rules.code.extensions.includes(extension) || rules.code.names.includes(base));
  const wanted = (use: Use) =>
    Object.hasOwn(rules.snapshot.data, use.scheme) || rules.snapshot.code.includes(use.scheme);
  const uses = (facts.uses ?? []).filter(wanted).slice(0, KEPT_USES);
  const { path, size, sha256 } = file;
  return { path, size, sha256, format: facts.format, isCode, uses };
}

/**
 * Judge the files of a snapshot together: raw tensor data is explained by the model that names it, and code is what some
 * configuration asks a loader to run. Pure.
 */
export function judgeSnapshot(
  parts: readonly SnapshotPart[],
  judgements: ReadonlyMap<string, Judgement>,
  rules: Rules,
): SnapshotJudgement {
  const files = new Map(judgements);
  for (const [path, claims] of claimsOf(parts, rules)) explain(files, path, claims, parts);
  const code = customCode(parts, rules);
  return code === undefined ? { files } : { files, code };
}

/** One file says that another one's first `bytes` are its data. */
interface Claim {
  readonly by: string;
  readonly bytes: number;
}

/** By the path of the data file. */
function claimsOf(parts: readonly SnapshotPart[], rules: Rules): ReadonlyMap<string, readonly Claim[]> {
  const claims = new Map<string, Claim[]>();
  for (const { path, uses } of parts)
    for (const use of uses) {
      const rule = Object.hasOwn(rules.snapshot.data, use.scheme) ? rules.snapshot.data[use.scheme] : undefined;
      const named = rule && dataFile(path, use.name, rule.file);
      if (named === undefined) continue;
      const same = claims.get(named.path);
      if (same) same.push({ by: path, bytes: named.bytes });
      else claims.set(named.path, [{ by: path, bytes: named.bytes }]);
    }
  return claims;
}

/** The use is `<bytes> <path>`, or `<bytes>` where the rule says the path; `*` is the model's own name there. */
function dataFile(path: string, name: string, file: string | undefined): { path: string; bytes: number } | undefined {
  const [, digits = '', written = ''] = /^(\d{1,16})(?: (.+))?$/.exec(name) ?? [];
  const relative = (file ?? written).replace('*', () => stemOf(path));
  const named = digits === '' || relative === '' ? undefined : beside(path, relative);
  return named === undefined ? undefined : { path: named, bytes: Number(digits) };
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

/** Writers pad their data to whole pages. */
const PADDING = 64 * 1024;

function explain(
  files: Map<string, Judgement>,
  path: string,
  claims: readonly Claim[],
  parts: readonly SnapshotPart[],
): void {
  const data = parts.find((part) => part.path === path);
  const judged = files.get(path);
  const most = claims.reduce((a, b) => (b.bytes > a.bytes ? b : a));
  if (data === undefined || judged === undefined) {
    for (const { by } of claims) add(files, by, missing(path));
    return;
  }
  if (data.size < most.bytes) add(files, most.by, short(path, data.size, most.bytes));
  if (data.format !== 'unknown') return;
  const others = judged.findings.filter(({ rule }) => rule !== 'unrecognised-content');
  const rest = data.size - most.bytes;
  const finding = rest > PADDING ? unexplained(most.by, rest) : explained(most.by);
  files.set(path, withFindings(judged, [...others, finding]));
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

function unexplained(by: string, bytes: number): Finding {
  const message = `is the data of ${shown(by)}, which does not account for its last ${bytes} bytes`;
  return { rule: 'data-file-tail', level: 'review', message };
}

function customCode(parts: readonly SnapshotPart[], rules: Rules): CustomCode | undefined {
  const namedBy = parts.filter(({ uses }) => uses.some(({ scheme }) => rules.snapshot.code.includes(scheme)));
  if (namedBy.length === 0) return undefined;
  const code = parts.filter(({ isCode }) => isCode).sort((a, b) => (a.path < b.path ? -1 : 1));
  // The configuration as a whole is part of it: what it names, and with which settings, makes another program.
  const contents = (files: readonly SnapshotPart[]) => files.map(({ path, sha256 }) => [path, sha256]);
  const content = JSON.stringify({ files: contents(code), namedBy: contents(namedBy) });
  return {
    digest: createHash('sha256').update(content).digest('hex'),
    files: code.map(({ path }) => path),
    namedBy: namedBy.map(({ path }) => path).sort(),
  };
}
