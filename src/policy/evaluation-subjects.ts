// SPDX-License-Identifier: Apache-2.0
import { sha256Of } from '#src/domain/digest.ts';
import type { EvaluationEvidence } from '#src/domain/evaluation.ts';
import type { ScannedFile } from '#src/domain/evidence.ts';

/** Formats in which no model is: two repos may share a tokenizer's configuration and nothing else. */
const TEXTS: ReadonlySet<string> = new Set(['empty', 'json', 'text', 'unknown', 'xml', 'png', 'jpeg', 'gif', 'webp']);

/** sha256 of the lines that `sha256sum` prints for these files, in the byte order of their paths. */
export function manifestDigest(files: readonly Pick<ScannedFile, 'path' | 'sha256'>[]): string {
  const sorted = files.toSorted((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  return sha256Of(sorted.map(({ path, sha256 }) => `${sha256}  ${path}\n`).join(''));
}

/**
 * An evaluation is about a snapshot where all that it names is in it, and its manifest or a file that is no text is among
 * that. One of another model, which lists a file that both have, is about that other model.
 */
export function aboutSnapshot(
  { subjects, ...rest }: EvaluationEvidence & { readonly subjects: readonly string[] },
  files: readonly ScannedFile[],
): EvaluationEvidence {
  if (rest.problem !== undefined) return rest;
  const manifest = manifestDigest(files);
  const formats = new Map<string, string>(files.map(({ sha256, scan }) => [sha256, scan.format]));
  const other = subjects.find((digest) => digest !== manifest && !formats.has(digest));
  if (other !== undefined) return { ...rest, problem: `it is about sha256:${other}, which is no file of this commit` };
  const isModel = subjects.some((digest) => digest === manifest || !TEXTS.has(formats.get(digest) ?? 'text'));
  return isModel ? rest : { ...rest, problem: 'it names neither the manifest of this commit nor a file of weights' };
}
