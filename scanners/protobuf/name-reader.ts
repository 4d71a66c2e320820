// SPDX-License-Identifier: Apache-2.0
import type { Facts } from '../facts.ts';
import { UseList } from '../uses.ts';
import type { Field } from './schema.ts';
import { type Frame, type Listener, placeOf, shortPath, textValue, type Value } from './walk.ts';

const NAME_BYTES = 8192;

/** Text fields that name something, each with the scheme of its uses: all that most formats need. */
export class NameReader implements Listener {
  readonly keep: Readonly<Record<string, number>>;
  private readonly schemes: Readonly<Record<string, string>>;
  private readonly uses: UseList;

  constructor(facts: Facts, schemes: Readonly<Record<string, string>>) {
    this.schemes = schemes;
    this.uses = new UseList(facts);
    this.keep = Object.fromEntries(Object.keys(schemes).map((key) => [key, NAME_BYTES]));
  }

  value(frame: Frame, field: Field, value: Value): void {
    const scheme = this.schemes[field.key];
    if (scheme !== undefined) this.uses.add(scheme, shortPath(textValue(value)), placeOf(frame), frame.start);
  }
}
