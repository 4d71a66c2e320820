// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { Rules } from '../rules.ts';
import { explainData } from './data-files.ts';
import type { Judgement } from './findings.ts';
import type { SnapshotPart } from './snapshot-part.ts';

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
  explainData(files, parts, rules);
  const code = customCode(parts, rules);
  return code === undefined ? { files } : { files, code };
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
