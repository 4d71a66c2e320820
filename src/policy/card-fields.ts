// SPDX-License-Identifier: Apache-2.0
import { isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import { CARD_SECTIONS, type CardEvidence, type CardSection } from '#src/domain/evidence.ts';
import { type FrontMatter, frontMatter } from '#src/domain/front-matter.ts';
import { textOf, valueAt } from './card.ts';
import { sectionsOf } from './card-sections.ts';

/** Entries of a list that are kept: no honest card comes near. */
const MAX_ITEMS = 64;

/** Keys of the front matter that say what a section would. */
const KEYS: Readonly<Partial<Record<CardSection, readonly string[]>>> = {
  license: ['license'],
  'training-data': ['datasets'],
  evaluation: ['model-index'],
};

/**
 * What policy may ask of a card. It is foreign: what is odd about it counts as not said, and `problem` says why. The
 * front matter is parsed by the caller, once for all who read it.
 */
export function readCard(card: string | undefined, matter = frontMatter(card ?? '')): CardEvidence {
  if (card === undefined) return { sections: [], problem: 'the repo has no README.md' };
  const sections = sectionsOf(bodyOf(card, matter));
  if (typeof matter === 'string') return { sections: inOrder(sections), problem: matter };
  const map = matter.contents;
  for (const section of CARD_SECTIONS)
    if (KEYS[section]?.some((key) => isFilled(valueAt(map, key)))) sections.add(section);
  const pipelineTag = text(map, 'pipeline_tag');
  const libraryName = text(map, 'library_name');
  return {
    sections: inOrder(sections),
    ...(pipelineTag === undefined ? {} : { pipelineTag }),
    ...(libraryName === undefined ? {} : { libraryName }),
    ...listed('languages', texts(map, 'language')),
    ...listed('tags', texts(map, 'tags')),
    ...listed('datasets', texts(map, 'datasets')),
  };
}

/** A `#` in the front matter is a comment and no heading. */
function bodyOf(card: string, matter: FrontMatter | string): string {
  return typeof matter === 'string' ? card : card.slice(card.indexOf('\n---', card.indexOf('---') + 3) + 4);
}

function inOrder(sections: ReadonlySet<CardSection>): CardSection[] {
  return CARD_SECTIONS.filter((section) => sections.has(section));
}

function isFilled(value: Node | undefined | 'twice'): boolean {
  if (value === undefined || value === 'twice') return false;
  if (isSeq(value) || isMap(value)) return value.items.length > 0;
  return isScalar(value) && typeof value.value === 'string' && value.value.trim() !== '';
}

function text(map: YAMLMap, key: string): string | undefined {
  const value = valueAt(map, key);
  return value === 'twice' ? undefined : textOf(value);
}

/** A text, or a list of texts; what is neither is left out. */
function texts(map: YAMLMap, key: string): string[] {
  const value = valueAt(map, key);
  const items: readonly unknown[] = isSeq(value) ? value.items.slice(0, MAX_ITEMS) : [value];
  return items.flatMap((item) => textOf(item) ?? []);
}

function listed<K extends string>(key: K, values: readonly string[]): { [P in K]?: readonly string[] } {
  return values.length === 0 ? {} : ({ [key]: values } as { [P in K]: readonly string[] });
}
