// SPDX-License-Identifier: Apache-2.0
import type { Facts, Use } from '../facts.ts';
import type { Rules } from '../rules.ts';
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

/** Data that a later use explains stays unexplained, which asks for a review. */
const KEPT_USES = 5_000;

export function snapshotPart(
  facts: Facts,
  file: Pick<SnapshotPart, 'path' | 'size' | 'sha256'>,
  rules: Rules,
): SnapshotPart {
  const { base, extension } = nameOf(file.path);
  const isText = facts.format === 'text' || facts.format === 'json' || facts.format === 'xml';
  const isCode = isText && (rules.code.extensions.includes(extension) || rules.code.names.includes(base));
  const found = facts.uses ?? [];
  const code = rules.snapshot.code.flatMap((scheme) => found.find((use) => use.scheme === scheme) ?? []);
  const data = found.filter(({ scheme }) => Object.hasOwn(rules.snapshot.data, scheme)).slice(0, KEPT_USES);
  const uses = [...code, ...data];
  const { path, size, sha256 } = file;
  return { path, size, sha256, format: facts.format, isCode, uses };
}
