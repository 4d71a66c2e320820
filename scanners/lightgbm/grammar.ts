// SPDX-License-Identifier: Apache-2.0
import { type JsonListener, JsonWalker, MalformedJson } from '../json/walk.ts';
import type { UseList } from '../uses.ts';
import type { Line } from './lines.ts';

type Section = 'first' | 'header' | 'trees' | 'importances' | 'parameters' | 'after' | 'parser' | 'end';

/** Numbers that C++ writes, apart by single spaces: digits, exponents, `inf` and `nan`. */
const NUMBERS = /^[-+.\d eEinfa]*$/;
const WHOLE = /^-?\d{1,20}$/;
const ANY = /^/;

const HEADER: ReadonlyMap<string, RegExp> = new Map([
  ['version', /^v\d{1,3}$/],
  ['num_class', WHOLE],
  ['num_tree_per_iteration', WHOLE],
  ['label_index', WHOLE],
  ['max_feature_idx', WHOLE],
  ['objective', /^\w{1,60}(?: (?:sqrt|[a-z_]{1,40}:[-+.\deE]{1,40}))*$/],
  ['feature_names', ANY],
  ['monotone_constraints', NUMBERS],
  // A range, categories, or the word for a feature that tells nothing.
  ['feature_infos', /^(?:none|[-+.\d:eEinfa[\]]| )*$/],
  ['tree_sizes', /^[\d ]*$/],
  ['sigmoid', NUMBERS],
]);
const SWITCHES: ReadonlySet<string> = new Set(['average_output', 'boost_from_average']);
const TREE: ReadonlySet<string> = new Set([
  'num_leaves',
  'num_cat',
  'split_feature',
  'split_gain',
  'threshold',
  'decision_type',
  'left_child',
  'right_child',
  'leaf_value',
  'leaf_weight',
  'leaf_count',
  'internal_value',
  'internal_weight',
  'internal_count',
  'cat_boundaries',
  'cat_threshold',
  'is_linear',
  'leaf_const',
  'num_features',
  'leaf_features',
  'leaf_coeff',
  'has_categorical',
  'shrinkage',
]);
/** What a shell, a browser or a template would act on, were the file called like one of theirs. */
const ACTIVE = /\$\(|`|<[a-z!?/]|\{[{%#]/i;
const PANDAS = 'pandas_categorical:';

/**
 * What `GBDT::SaveModelToString` and the Python package behind it write, line by line. A line is told what is wrong
 * with it, or `undefined`.
 */
export class LightgbmGrammar {
  /** Names or parameters hold what some other reader of text would act on. */
  active = false;
  private readonly uses: UseList;
  private section: Section = 'first';
  private features: ReadonlySet<string> = new Set();
  private sizes: number[] | undefined;
  private trees = 0;
  private nextTree: number | undefined;

  constructor(uses: UseList) {
    this.uses = uses;
  }

  line(line: Line): string | undefined {
    if (this.section !== 'trees' && ACTIVE.test(line.text)) this.active = true;
    return this.read(line) ? undefined : `the line has no place in ${WORDS[this.section]}`;
  }

  /** What is missing at the end of the file. */
  end(size: number): string | undefined {
    if (this.section === 'first' || this.section === 'header') return 'no trees';
    if (this.section === 'parameters' || this.section === 'parser')
      return `the end of ${WORDS[this.section]} is missing`;
    if (this.sizes !== undefined && this.trees !== this.sizes.length)
      return `${this.trees} of ${this.sizes.length} trees`;
    if (this.section === 'trees' && this.nextTree !== undefined && this.nextTree > size)
      return 'a tree that breaks off';
    return undefined;
  }

  private read(line: Line): boolean {
    const { text } = line;
    if (text === '' && this.section !== 'first') return true;
    switch (this.section) {
      case 'first':
        this.section = 'header';
        return text === 'tree';
      case 'header':
        return text.startsWith('Tree=') ? this.tree(line) : this.header(text) || this.afterTrees(text);
      case 'trees':
        return text.startsWith('Tree=') ? this.tree(line) : treeLine(text) || this.afterTrees(text);
      case 'importances':
        return this.importance(text) || this.tail(text);
      case 'parameters':
        if (text === 'end of parameters') this.section = 'after';
        return this.section === 'after' || /^\[\w{1,100}: ?.*\]$/s.test(text);
      case 'parser':
        if (text === 'end of parser') this.section = 'after';
        else this.uses.add('lightgbm-parser', text, 'the section parser', line.offset);
        return true;
      case 'after':
        return this.tail(text);
      case 'end':
        return false;
    }
  }

  private header(text: string): boolean {
    const at = text.indexOf('=');
    if (at < 0) return SWITCHES.has(text);
    const key = text.slice(0, at);
    const value = text.slice(at + 1);
    if (key === 'feature_names') this.features = new Set(value.split(' '));
    if (key === 'objective') this.uses.add('lightgbm-objective', value.split(' ')[0] ?? '', 'the header');
    if (key === 'tree_sizes') this.sizes = value.split(' ').filter(Boolean).map(Number);
    return HEADER.get(key)?.test(value) ?? false;
  }

  /** Readers find trees by the sizes in the header, and not by looking for their beginning. */
  private tree({ text, offset }: Line): boolean {
    const isNext = text === `Tree=${this.trees}` && (this.nextTree === undefined || this.nextTree === offset);
    this.section = 'trees';
    const size = this.sizes?.[this.trees++];
    this.nextTree = size === undefined ? undefined : offset + size;
    return isNext && (this.sizes === undefined || size !== undefined);
  }

  private afterTrees(text: string): boolean {
    if (text !== 'end of trees') return this.importancesStart(text);
    this.section = 'importances';
    return true;
  }

  private importancesStart(text: string): boolean {
    if (!/^feature[ _]importances:$/.test(text)) return false;
    this.section = 'importances';
    return true;
  }

  private importance(text: string): boolean {
    const at = text.lastIndexOf('=');
    if (at < 0) return this.importancesStart(text);
    return /^\d{1,20}$/.test(text.slice(at + 1)) && this.features.has(text.slice(0, at));
  }

  private tail(text: string): boolean {
    if (text === 'parameters:') this.section = 'parameters';
    else if (text === 'parser:') this.section = 'parser';
    else if (text.startsWith(PANDAS)) {
      this.section = 'end';
      return isJson(text.slice(PANDAS.length));
    } else return false;
    return true;
  }
}

const WORDS: Readonly<Record<Section, string>> = {
  first: 'the first line',
  header: 'the header',
  trees: 'the trees',
  importances: 'the feature importances',
  parameters: 'the parameters',
  after: 'what follows the trees',
  parser: 'the section parser',
  end: 'what follows the categories',
};

function treeLine(text: string): boolean {
  const at = text.indexOf('=');
  return at > 0 && TREE.has(text.slice(0, at)) && NUMBERS.test(text.slice(at + 1));
}

const NOBODY: JsonListener = {
  keep: () => 0,
  scalar: () => undefined,
  open: () => undefined,
  close: () => undefined,
};

function isJson(text: string): boolean {
  const walker = new JsonWalker(NOBODY);
  try {
    walker.feed(Buffer.from(text));
    walker.end();
    return true;
  } catch (error) {
    if (error instanceof MalformedJson) return false;
    throw error;
  }
}
