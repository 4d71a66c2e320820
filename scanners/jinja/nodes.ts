// SPDX-License-Identifier: Apache-2.0

/**
 * The syntax of a template. Chains of operators and of postfixes are lists, so that the depth of a tree is the depth
 * of the brackets in the source, which the parser limits. `line` is counted from 1.
 */
export type Node =
  | { readonly kind: 'constant'; readonly value: string | number | boolean | null; readonly line: number }
  | { readonly kind: 'name'; readonly name: string; readonly line: number }
  | { readonly kind: 'list'; readonly items: readonly Node[]; readonly line: number }
  | { readonly kind: 'dict'; readonly pairs: readonly (readonly [Node, Node])[]; readonly line: number }
  | {
      readonly kind: 'condition';
      readonly test: Node;
      readonly yes: Node;
      readonly no: Node | undefined;
      readonly line: number;
    }
  | { readonly kind: 'unary'; readonly operator: string; readonly operand: Node; readonly line: number }
  /** Operators of one rank in a row: `first op operand op operand ...` */
  | {
      readonly kind: 'chain';
      readonly first: Node;
      readonly rest: readonly { operator: string; operand: Node }[];
      readonly line: number;
    }
  | { readonly kind: 'postfix'; readonly base: Node; readonly steps: readonly Step[]; readonly line: number };

/** What may stand behind a value. */
export type Step =
  | { readonly kind: 'attribute'; readonly name: string; readonly line: number }
  | { readonly kind: 'item'; readonly key: Node; readonly line: number }
  | { readonly kind: 'slice'; readonly parts: readonly (Node | undefined)[]; readonly line: number }
  | { readonly kind: 'call'; readonly args: Args; readonly line: number }
  | { readonly kind: 'filter'; readonly name: string; readonly args: Args; readonly line: number }
  | { readonly kind: 'test'; readonly name: string; readonly args: Args; readonly line: number };

export interface Args {
  readonly positional: readonly Node[];
  readonly named: readonly (readonly [string, Node])[];
  /** `*a` and `**a`: what they hold is not known here. */
  readonly spread: readonly Node[];
}

export const NO_ARGS: Args = { positional: [], named: [], spread: [] };

/**
 * What a template does, in the order of its source and without its nesting: any of it may run. A variable is named
 * by its name, an attribute of a namespace by `name.attribute`, what a macro gives by `name()`.
 */
export type Action =
  | { readonly kind: 'statement'; readonly name: string; readonly line: number }
  | { readonly kind: 'output'; readonly value: Node }
  /** Written only when somebody's message holds certain words. */
  | { readonly kind: 'asked'; readonly value: Node }
  | { readonly kind: 'assign'; readonly targets: readonly string[]; readonly value: Node; readonly looped: boolean }
  /** The text of a block becomes a value; `exact` when it holds nothing but these pieces. */
  | { readonly kind: 'capture'; readonly target: string; readonly pieces: readonly Node[]; readonly exact: boolean }
  | { readonly kind: 'macro'; readonly name: string; readonly parameters: readonly string[] }
  | { readonly kind: 'loop'; readonly targets: readonly string[]; readonly over: Node; readonly line: number }
  | { readonly kind: 'end-loop' };

export class MalformedTemplate extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.name = 'MalformedTemplate';
    this.line = line;
  }
}
