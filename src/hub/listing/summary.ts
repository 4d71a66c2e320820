// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import type { Release } from '#src/domain/release.ts';
import type { RepoInfo } from '../info.ts';

/** What a repo is found and ordered by. Words are in lower case: searches ignore it. */
export interface Summary {
  readonly id: string;
  /** Of the release statement that it was made from. */
  readonly digest: string;
  readonly tags: readonly string[];
  readonly pipeline?: string | undefined;
  readonly library?: string | undefined;
  readonly lastModified: string;
  readonly createdAt: string;
  readonly parameters?: number | undefined;
}

/** What is kept in memory of one repo. A repo with more tags is not found by the others. */
const MAX_TAGS = 64;
const MAX_TAG = 128;

const stored = z.strictObject({
  digest: z.string(),
  tags: z.array(z.string()),
  pipeline: z.string().optional(),
  library: z.string().optional(),
  lastModified: z.string(),
  createdAt: z.string(),
  parameters: z.number().optional(),
});

export function summaryOf(info: RepoInfo, release: Release): Summary {
  return {
    id: info.id,
    digest: release.digest,
    tags: info.tags
      .filter(({ length }) => length <= MAX_TAG)
      .map(lower)
      .slice(0, MAX_TAGS),
    pipeline: lower(info.pipeline_tag),
    library: lower(info.library_name),
    lastModified: String(info.lastModified),
    createdAt: String(info.createdAt),
    parameters: totalOf(info.safetensors) ?? totalOf(info.gguf),
  };
}

export function writeSummary({ id: _, ...summary }: Summary): string {
  return JSON.stringify(summary);
}

/** Undefined for what {@link writeSummary} of this version did not write. */
export function readSummary(id: string, body: string): Summary | undefined {
  try {
    return { id, ...stored.parse(JSON.parse(body)) };
  } catch {
    return undefined;
  }
}

function lower<T>(text: T): T extends string ? string : undefined {
  return (typeof text === 'string' ? text.toLowerCase() : undefined) as never;
}

function totalOf(counted: unknown): number | undefined {
  const total = typeof counted === 'object' && counted !== null && 'total' in counted ? counted.total : undefined;
  return typeof total === 'number' ? total : undefined;
}
