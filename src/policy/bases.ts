// SPDX-License-Identifier: Apache-2.0
import { isScalar, isSeq, type YAMLMap } from 'yaml';
import type { FrontMatter } from '#src/domain/front-matter.ts';
import { BASE_RELATIONS, type Base, type BaseRelation } from '#src/domain/lineage.ts';
import { type Repo, repoIdProblem } from '#src/domain/repo.ts';

const MAX_BASES = 32;
const MAX_TEXT = 200;

/**
 * The models that a card says its own was made from. The card is foreign: what is no name of a repo (a path on
 * somebody's disk, a sentence) is left out, and a key that is there twice says nothing.
 */
export function basesOfCard(matter: FrontMatter | string): Base[] {
  if (typeof matter === 'string') return [];
  const relation = relationOf(textsAt(matter.contents, 'base_model_relation')[0]);
  const repos = textsAt(matter.contents, 'base_model').flatMap((text) => modelOf(text) ?? []);
  const unique = new Map(repos.map((repo) => [repo.id.toLowerCase(), repo]));
  return [...unique.values()].map((repo) => ({ repo, relation }));
}

/** The base in an `adapter_config.json`, which is foreign too. Undefined where the file names no repo. */
export function baseOfAdapter(json: string): Omit<Base, 'relation'> | undefined {
  const config = parsed(json);
  const repo = modelOf(config.base_model_name_or_path);
  const revision = config.revision;
  if (repo === undefined) return undefined;
  // What can be no revision is none that could be found: the base's default branch is what a loader falls back to.
  return typeof revision === 'string' && /^[\x21-\x7e]{1,200}$/.test(revision) ? { repo, revision } : { repo };
}

function parsed(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function modelOf(text: unknown): Repo | undefined {
  if (typeof text !== 'string' || text.length > MAX_TEXT) return undefined;
  const id = text.trim().replace(/^https:\/\/huggingface\.co\/(?:models\/)?/, '');
  return repoIdProblem(id) === undefined ? { kind: 'models', id } : undefined;
}

function relationOf(text: string | undefined): BaseRelation {
  return BASE_RELATIONS.find((relation) => relation === text?.trim().toLowerCase()) ?? 'unspecified';
}

function textsAt(doc: YAMLMap, key: string): string[] {
  const pairs = doc.items.filter((pair) => isScalar(pair.key) && pair.key.value === key);
  const value = pairs.length === 1 ? pairs[0]?.value : undefined;
  const items = isSeq(value) ? value.items.slice(0, MAX_BASES) : [value];
  return items.flatMap((item) => (isScalar(item) && typeof item.value === 'string' ? [item.value] : []));
}
