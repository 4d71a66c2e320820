// SPDX-License-Identifier: Apache-2.0
import { frontMatter } from '#src/domain/front-matter.ts';
import { record, text } from './plain.ts';

/** A card's front matter: plain JSON values, where the keys that clients know are of the type that they expect. */
export type Card = Readonly<Record<string, unknown>>;

type Check = (value: unknown) => boolean;

const isText: Check = (value) => text(value) !== undefined;
const isTexts: Check = (value) => isText(value) || (Array.isArray(value) && value.every(isText));

/**
 * The types of huggingface_hub's `ModelCardData`, `DatasetCardData` and `SpaceCardData`. The classes are filled from
 * `cardData` as keyword arguments, and one that they stumble over fails the whole `model_info`.
 */
const KNOWN: ReadonlyMap<string, Check> = new Map([
  ...['library_name', 'pipeline_tag', 'license_name', 'license_link', 'model_name', 'pretty_name', 'title', 'sdk'].map(
    (key): [string, Check] => [key, isText],
  ),
  ...['base_model', 'datasets', 'language', 'license', 'metrics', 'models', 'tags', 'task_categories', 'task_ids'].map(
    (key): [string, Check] => [key, isTexts],
  ),
  ['model-index', isModelIndex],
  // Arguments of their constructors and no card's business.
  ['self', () => false],
  ['ignore_metadata_errors', () => false],
  ['eval_results', () => false],
]);

/** For display: the gate has judged the card before. What does not parse is no card. */
export function cardOf(readme: string | undefined): Card | undefined {
  const card = readme === undefined ? undefined : frontMatter(readme);
  if (card === undefined || typeof card === 'string') return undefined;
  try {
    // Through JSON, in which there is no NaN; what is nested too deep to be written would fail the whole answer.
    const plain = record(JSON.parse(JSON.stringify(card.toJS({ maxAliasCount: 0 }))));
    return plain && Object.fromEntries(Object.entries(plain).filter(([key, value]) => fits(key, value)));
  } catch {
    return undefined;
  }
}

function fits(key: string, value: unknown): boolean {
  return value === null || (KNOWN.get(key)?.(value) ?? true);
}

/** A list of evaluations as clients take it apart; one with a `source` needs its address. */
function isModelIndex(value: unknown): boolean {
  return isListOf(value, (model) => isText(model.name) && isListOf(model.results, isResult));
}

function isResult(result: Record<string, unknown>): boolean {
  const [task, dataset, source] = [record(result.task), record(result.dataset), record(result.source)];
  if (!task || !isText(task.type) || !dataset || !isText(dataset.type) || !isText(dataset.name)) return false;
  if (result.source !== undefined && result.source !== null && !isText(source?.url)) return false;
  return isListOf(result.metrics, (metric) => isText(metric.type) && metric.value !== undefined);
}

function isListOf(value: unknown, check: (item: Record<string, unknown>) => boolean): boolean {
  if (!Array.isArray(value)) return false;
  return value.every((item) => {
    const object = record(item);
    return object !== undefined && check(object);
  });
}
