// SPDX-License-Identifier: Apache-2.0
import { within } from '../budgets.ts';

export interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  /** The texts of a constant. */
  readonly texts: readonly string[];
  readonly at: string;
  readonly offset: number;
}

export interface TracedPath {
  readonly path: string;
  /** The constant that holds it. */
  readonly node: string;
  readonly at: string;
  readonly offset: number;
}

/** Operations of every honest model that open a file, and which of their inputs name it. */
const OPENING: ReadonlyMap<string, readonly number[]> = new Map([
  ['InitializeTableFromTextFile', [1]],
  ['InitializeTableFromTextFileV2', [1]],
  ['MergeV2Checkpoints', [0, 1]],
  ['Restore', [0]],
  ['RestoreSlice', [0]],
  ['RestoreV2', [0]],
  ['Save', [0]],
  ['SaveSlices', [0]],
  ['SaveV2', [0]],
  ['ShardedFilename', [0]],
]);
/** Operations whose result is made of the texts that go in. */
const PASSING: ReadonlySet<string> = new Set([
  'ConcatV2',
  'ExpandDims',
  'Identity',
  'IdentityN',
  'Pack',
  'PlaceholderWithDefault',
  'Reshape',
  'Select',
  'SelectV2',
  'ShardedFilename',
  'StringJoin',
]);
const MAX_NODES = 200_000;
/** From all operations that open a file to all constants that name it; honest graphs need a few each. */
const MAX_STEPS = 1_000_000;

/**
 * Which constants end up as file names. In an honest model the name is fed by the loader: the constants that are left
 * are parts of it, never a path of their own.
 */
export class PathTrace {
  private readonly sources = new Map<string, GraphNode>();
  private readonly openers: GraphNode[] = [];
  private steps = 0;

  node(node: GraphNode): void {
    if (OPENING.has(node.op)) this.openers.push(node);
    if ((node.op === 'Const' && node.texts.length > 0) || PASSING.has(node.op)) this.sources.set(node.name, node);
    if (this.sources.size + this.openers.length > MAX_NODES) within('facts', MAX_NODES);
  }

  found(): TracedPath[] {
    return this.openers.flatMap((opener) =>
      (OPENING.get(opener.op) ?? []).flatMap((index) => this.constants(opener.inputs[index] ?? '', opener)),
    );
  }

  private constants(input: string, opener: GraphNode): TracedPath[] {
    const found: TracedPath[] = [];
    const pending = [input];
    const seen = new Set<GraphNode>();
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      if (++this.steps > MAX_STEPS) within('facts', this.steps);
      const source = this.sources.get(nodeName(next));
      if (source === undefined || seen.has(source)) continue;
      seen.add(source);
      const { name, at, offset } = source;
      for (const path of source.texts)
        found.push({ path, node: name, at: `${at} (for ${opener.op} ${opener.name})`, offset });
      if (source.op !== 'Const') for (const from of source.inputs) pending.push(from);
    }
    return found;
  }
}

/** `node` of `node:0`, `node:output:1` and `^node`. */
export function nodeName(input: string): string {
  return input.replace(/^\^/, '').split(':', 1)[0] ?? '';
}
