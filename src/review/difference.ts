// SPDX-License-Identifier: Apache-2.0
import type { EvidenceDocument, Finding, ScannedFile } from '#src/domain/evidence.ts';
import type { SourceFile } from '#src/domain/manifest.ts';
import type { CommitSha } from '#src/domain/revision.ts';

/** What a reviewer asks first: what is new since the commit that somebody approved. Lists are cut, counts are not. */
export interface Difference {
  /** The approved commit. */
  readonly since: CommitSha;
  readonly files: {
    readonly added: Listed<{ readonly path: string; readonly size: number }>;
    readonly removed: Listed<{ readonly path: string; readonly size: number }>;
    readonly changed: Listed<{ readonly path: string; readonly size: number; readonly before: number }>;
    readonly unchanged: number;
  };
  /** By content, wherever it lies: a file that was renamed is no change. */
  readonly weights: { readonly changed: boolean; readonly added: number; readonly removed: number };
  readonly code: 'none' | 'same' | 'new' | 'changed' | 'gone';
  readonly license: { readonly changed: boolean; readonly now: readonly string[]; readonly before: readonly string[] };
  /** `unknown`: one of the two was not scanned. */
  readonly findings: { readonly new: Listed<FoundThere>; readonly gone: Listed<FoundThere> } | 'unknown';
}

interface Listed<T> {
  readonly count: number;
  readonly first: readonly T[];
}

interface FoundThere {
  readonly path: string;
  readonly rule: string;
  readonly level: Finding['level'];
}

const LISTED = 200;
const WEIGHTS =
  /\.(safetensors|bin|pt|pth|ckpt|gguf|ggml|onnx|h5|keras|msgpack|npz|npy|pkl|pickle|joblib|tflite|pb|ot|model|engine)$/i;

export function difference(now: EvidenceDocument, before: EvidenceDocument): Difference {
  const there = new Map(before.manifest.files.map((file) => [file.path, file]));
  const here = new Map(now.manifest.files.map((file) => [file.path, file]));
  const [added, changed]: [SourceFile[], [SourceFile, SourceFile][]] = [[], []];
  for (const [path, file] of here) {
    const old = there.get(path);
    if (!old) added.push(file);
    else if (contentOf(old) !== contentOf(file)) changed.push([file, old]);
  }
  const removed = [...there.values()].filter(({ path }) => !here.has(path));
  return {
    since: before.manifest.source.commit,
    files: {
      added: listed(added.map(sized)),
      removed: listed(removed.map(sized)),
      changed: listed(changed.map(([file, old]) => ({ ...sized(file), before: old.size }))),
      unchanged: here.size - added.length - changed.length,
    },
    weights: weightsBetween(now, before),
    code: codeBetween(now.code?.digest, before.code?.digest),
    license: licenseBetween(now, before),
    findings: findingsBetween(now.files, before.files),
  };
}

/** What upstream promises of the bytes: that of LFS is of the content itself, git's is not. */
function contentOf({ lfs, gitOid }: SourceFile): string {
  return lfs ? `sha256:${lfs.sha256}` : `git:${gitOid}`;
}

function sized({ path, size }: SourceFile): { path: string; size: number } {
  return { path, size };
}

function weightsBetween(now: EvidenceDocument, before: EvidenceDocument): Difference['weights'] {
  const [here, there] = [weightsOf(now), weightsOf(before)];
  const [added, removed] = [here.difference(there).size, there.difference(here).size];
  return { changed: added + removed > 0, added, removed };
}

function weightsOf({ manifest }: EvidenceDocument): Set<string> {
  return new Set(manifest.files.filter(({ path, lfs }) => lfs || WEIGHTS.test(path)).map(contentOf));
}

function codeBetween(now: string | undefined, before: string | undefined): Difference['code'] {
  if (now === before) return now === undefined ? 'none' : 'same';
  if (before === undefined) return 'new';
  return now === undefined ? 'gone' : 'changed';
}

function licenseBetween(now: EvidenceDocument, before: EvidenceDocument): Difference['license'] {
  const said = ({ license }: EvidenceDocument) => [
    ...(license?.declared ?? []),
    ...(license?.name === undefined ? [] : [license.name]),
  ];
  const [here, there] = [said(now), said(before)];
  return { changed: JSON.stringify(here) !== JSON.stringify(there), now: here, before: there };
}

function findingsBetween(
  now: readonly ScannedFile[] | undefined,
  before: readonly ScannedFile[] | undefined,
): Difference['findings'] {
  if (now === undefined || before === undefined) return 'unknown';
  const [here, there] = [foundIn(now), foundIn(before)];
  const only = (a: Map<string, FoundThere>, b: Map<string, FoundThere>) =>
    listed([...a].filter(([key]) => !b.has(key)).map(([, found]) => found));
  return { new: only(here, there), gone: only(there, here) };
}

/** Each rule once for a file: places move with every version. */
function foundIn(files: readonly ScannedFile[]): Map<string, FoundThere> {
  const found = new Map<string, FoundThere>();
  for (const { path, scan } of files)
    for (const { rule, level } of scan.findings) found.set(JSON.stringify([path, rule, level]), { path, rule, level });
  return found;
}

function listed<T>(all: readonly T[]): Listed<T> {
  return { count: all.length, first: all.slice(0, LISTED) };
}
