// SPDX-License-Identifier: Apache-2.0

import { HeldTexts } from '../io/held-texts.ts';
import { addPaddleText } from '../protobuf/paddle-attributes.ts';
import type { UseList } from '../uses.ts';
import { type JsonPlace, placeText } from './walk.ts';

/** `pir/serialize_deserialize`: dialects are written as a number, and parameters as `p`. */
const DIALECTS: Readonly<Record<string, string>> = { 0: 'builtin', 1: 'pd_op', 2: 'cf', 3: 'custom_op', 4: 'dist' };

interface Attribute {
  name?: string;
  readonly texts: HeldTexts;
}

/**
 * Paddle's programs of version 3 (`inference.json`): operators are `#` of the objects in a list `ops`, attributes are
 * objects with a name `N` and a value `AT`, whichever comes first.
 */
export class PaddlePir {
  private readonly uses: UseList;
  private attribute: Attribute | undefined;
  private depth = 0;

  constructor(uses: UseList) {
    this.uses = uses;
  }

  scalar({ levels }: JsonPlace, key: string, value: unknown): void {
    if (typeof value === 'number' || keyAt(levels, -levels.length) !== 'program') return;
    const text = typeof value === 'string' ? value : '(a long text)';
    if (key === '#' && keyAt(levels, -3) === 'ops')
      this.uses.add('paddle-pir-operator', named(text), placeText({ levels }));
    const inAttribute = levels.findLastIndex((level, i) => level.kind === 'object' && isAttribute(levels, i));
    if (inAttribute < 0) return;
    this.attribute ??= { texts: new HeldTexts() };
    this.depth = inAttribute + 1;
    if (key === 'N' && inAttribute === levels.length - 1) this.attribute.name = text;
    else if (typeof value === 'string' && key !== '#') this.attribute.texts.add(text);
  }

  /** The object at this place ends. */
  close({ levels }: JsonPlace): void {
    if (this.attribute === undefined || levels.length >= this.depth) return;
    const { name = '', texts } = this.attribute;
    this.attribute = undefined;
    for (const text of texts.take()) addPaddleText(this.uses, name, text, placeText({ levels }));
  }
}

type Levels = JsonPlace['levels'];

/** An object in the list `A` of an operator. */
function isAttribute(levels: Levels, at: number): boolean {
  return (
    levels[at - 1]?.kind === 'array' &&
    keyAt(levels, at - 2 - levels.length) === 'A' &&
    keyAt(levels, at - 4 - levels.length) === 'ops'
  );
}

function keyAt(levels: Levels, at: number): string | undefined {
  const level = levels.at(at);
  return level?.kind === 'object' ? level.key : undefined;
}

function named(operator: string): string {
  if (operator === 'p') return 'builtin.parameter';
  const [dialect = '', ...rest] = operator.split('.');
  return [DIALECTS[dialect] ?? dialect, ...rest].join('.');
}
