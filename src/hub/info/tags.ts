// SPDX-License-Identifier: Apache-2.0
import type { Release } from '#src/domain/release.ts';
import type { Card } from './card.ts';
import type { ModelConfig } from './config.ts';
import { word, words } from './plain.ts';
import type { Task } from './task.ts';

/** What a release is found by: `filter=` compares with these. */
interface Described {
  readonly release: Release;
  readonly card: Card | undefined;
  readonly config: ModelConfig | undefined;
  readonly task: Task;
  readonly readme: string | undefined;
}

/** A model's weights by the ending of a file name, in the order in which the Hub lists them. */
const WEIGHTS: readonly [tag: string, name: RegExp][] = [
  ['pytorch', /(^|\/)pytorch_model[^/]*\.bin$/],
  ['tf', /(^|\/)tf_model\.h5$/],
  ['jax', /(^|\/)flax_model[^/]*\.msgpack$/],
  ['tflite', /\.tflite$/],
  ['onnx', /\.onnx$/],
  ['safetensors', /\.safetensors$/],
  ['gguf', /\.gguf$/],
];
const DATA: readonly [tag: string, name: RegExp][] = [
  ['format:csv', /\.csv$/],
  ['format:json', /\.jsonl?$/],
  ['format:parquet', /\.parquet$/],
];
/** Card fields of a dataset that become `field:value`. */
const DATASET_FIELDS = [
  'task_categories',
  'task_ids',
  'annotations_creators',
  'language_creators',
  'multilinguality',
  'source_datasets',
  'language',
  'license',
  'size_categories',
];

const MAX_ARXIV = 32;

export function tagsOf(described: Described): string[] {
  const { card } = described;
  const own = words(card?.tags);
  switch (described.release.repo.kind) {
    case 'datasets':
      return unique(
        DATASET_FIELDS.flatMap((field) => prefixed(field, card?.[field])),
        own,
        dataTags(described),
      );
    case 'spaces':
      return unique(words(card?.sdk), own, prefixed('license', card?.license));
    default:
      return unique(modelTags(described));
  }
}

function modelTags({ release, card, config, task, readme }: Described): string[] {
  return [
    ...words(task.library),
    ...formats(release, WEIGHTS),
    ...words(config?.model_type),
    ...words(task.pipeline),
    ...words(card?.tags),
    ...words(card?.language),
    ...(config?.auto_map ? ['custom_code'] : []),
    ...prefixed('dataset', card?.datasets),
    ...arxivIds(readme),
    ...prefixed('base_model', card?.base_model),
    ...relations(card),
    ...prefixed('license', card?.license),
  ];
}

function dataTags({ release, readme }: Described): string[] {
  return [...formats(release, DATA), ...arxivIds(readme)];
}

function formats({ files }: Release, rows: readonly [tag: string, name: RegExp][]): string[] {
  const found = new Set<string>();
  for (const path of files.keys()) for (const [tag, name] of rows) if (name.test(path)) found.add(tag);
  return rows.flatMap(([tag]) => (found.has(tag) ? [tag] : []));
}

/** `base_model:finetune:org/name`, where the card says how the model came from the other. */
function relations(card: Card | undefined): string[] {
  const relation = word(card?.base_model_relation);
  return relation === undefined ? [] : prefixed(`base_model:${relation}`, card?.base_model);
}

function arxivIds(readme = ''): string[] {
  const ids = new Set<string>();
  for (const [, id] of readme.matchAll(/arxiv(?:\.org\/(?:abs|pdf)\/|:\s?)(\d{4}\.\d{4,5})/gi))
    if (id && ids.size < MAX_ARXIV) ids.add(`arxiv:${id}`);
  return [...ids];
}

function prefixed(prefix: string, value: unknown): string[] {
  return words(value).map((item) => `${prefix}:${item}`);
}

function unique(...lists: readonly string[][]): string[] {
  return [...new Set(lists.flat())];
}
