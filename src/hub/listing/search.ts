// SPDX-License-Identifier: Apache-2.0
import type { Context } from 'hono';
import { AirlockError } from '#src/domain/errors.ts';
import { printable } from '#src/domain/repo.ts';
import { flag, values } from '../query.ts';
import type { Summary } from './summary.ts';

/** What a list is asked to hold: everything must be met. */
export interface Search {
  /** Parts of an id. */
  readonly terms: readonly string[];
  readonly author: string | undefined;
  readonly tags: readonly string[];
  readonly pipeline: string | undefined;
  readonly libraries: readonly string[];
  readonly parameters: readonly [least: number, most: number] | undefined;
  /** It asks for what no repo here is: gated, or run by somebody. */
  readonly nothing: boolean;
}

/** Every repo is compared with each of them. */
const MAX_WORDS = 10;

/** Filters of the Hub that say nothing here. To leave one out in silence would show what was not asked for. */
const UNKNOWN = ['apps', 'datasets', 'models'];
const FACTORS: Readonly<Record<string, number>> = { K: 1e3, M: 1e6, B: 1e9, T: 1e12 };

/** @throws AirlockError bad-request */
export function parseSearch(c: Context): Search {
  for (const name of UNKNOWN)
    if (c.req.query(name) !== undefined)
      throw new AirlockError('bad-request', `This mirror can not filter by ${name}. Leave it out, or filter by a tag.`);
  const words = (name: string) => (values(c, name) ?? []).map((value) => value.toLowerCase());
  const searched = (c.req.queries('search') ?? []).flatMap((text) => text.toLowerCase().split(/\s+/));
  return {
    terms: few('search', searched),
    author: c.req.query('author')?.toLowerCase(),
    tags: few('filter', [...words('filter'), ...words('tags')]),
    pipeline: c.req.query('pipeline_tag')?.toLowerCase(),
    libraries: few('library', words('library')),
    parameters: parseRange(c.req.query('num_parameters')),
    nothing:
      (c.req.query('gated') !== undefined && flag(c, 'gated')) ||
      c.req.query('inference') !== undefined ||
      c.req.query('inference_provider') !== undefined,
  };
}

/** Each once. @throws AirlockError bad-request */
function few(name: string, words: readonly string[]): readonly string[] {
  const different = [...new Set(words)].filter((word) => word !== '');
  if (different.length <= MAX_WORDS) return different;
  throw new AirlockError('bad-request', `A list takes at most ${MAX_WORDS} words of ${name}. Ask for fewer.`);
}

export function matches(search: Search, summary: Summary): boolean {
  const { terms, author, tags, pipeline, libraries, parameters } = search;
  if (search.nothing) return false;
  if (terms.length > 0 || author !== undefined) {
    const id = summary.id.toLowerCase();
    if (!terms.every((term) => id.includes(term))) return false;
    if (author !== undefined && !id.startsWith(`${author}/`)) return false;
  }
  if (!tags.every((tag) => summary.tags.includes(tag))) return false;
  if (pipeline !== undefined && summary.pipeline !== pipeline) return false;
  if (!libraries.every((name) => summary.library === name || summary.tags.includes(name))) return false;
  if (!parameters) return true;
  const { parameters: count } = summary;
  return count !== undefined && count >= parameters[0] && count <= parameters[1];
}

/** `min:6B,max:128B`, either of the two or both. */
function parseRange(text: string | undefined): readonly [number, number] | undefined {
  if (text === undefined) return undefined;
  const found = new Map<string, number>();
  for (const part of text.split(',')) {
    const [, bound, number, unit = ''] = /^(min|max):(\d{1,15}(?:\.\d{1,6})?)([KMBT]?)$/i.exec(part.trim()) ?? [];
    if (bound === undefined)
      throw new AirlockError('bad-request', `${printable(text)} is no num_parameters: write it as min:6B,max:128B.`);
    found.set(bound.toLowerCase(), Number(number) * (FACTORS[unit.toUpperCase()] ?? 1));
  }
  return [found.get('min') ?? 0, found.get('max') ?? Number.POSITIVE_INFINITY];
}
