// SPDX-License-Identifier: Apache-2.0
import type { Facts } from '../facts.ts';
import { HeldTexts } from '../io/held-texts.ts';
import { addPaddleText } from '../protobuf/paddle-attributes.ts';
import { type Field, messageType } from '../protobuf/schema.ts';
import { PADDLE } from '../protobuf/schemas/paddle.ts';
import { type Frame, type Listener, placeOf, textOf, textValue, type Value, walkProtobuf } from '../protobuf/walk.ts';
import { UseList } from '../uses.ts';
import type { Extractor } from './context.ts';

/** `framework.proto`: the blocks of a program with their operators. */
export const paddleProgram: Extractor = async (facts, bytes, context) =>
  walkProtobuf(bytes, messageType(PADDLE, 'ProgramDesc'), new ProgramReader(facts), facts, context.spending);

class ProgramReader implements Listener {
  readonly keep: Readonly<Record<string, number>> = {
    'OpDesc.type': 512,
    'OpDesc.Attr.name': 512,
    'OpDesc.Attr.s': 65_536,
    'OpDesc.Attr.strings': 65_536,
  };
  private readonly uses: UseList;
  private readonly texts = new HeldTexts();

  constructor(facts: Facts) {
    this.uses = new UseList(facts);
  }

  value(_frame: Frame, field: Field, value: Value): void {
    const isText = field.key === 'OpDesc.Attr.s' || field.key === 'OpDesc.Attr.strings';
    if (isText) this.texts.add(textValue(value));
  }

  leave(frame: Frame): void {
    if (frame.type.name === 'OpDesc')
      this.uses.add('paddle-operator', textOf(frame, 'type') ?? '', placeOf(frame), frame.start);
    else if (frame.type.name === 'OpDesc.Attr') this.attribute(frame, textOf(frame, 'name') ?? '');
  }

  private attribute(frame: Frame, name: string): void {
    for (const text of this.texts.take()) addPaddleText(this.uses, name, text, placeOf(frame), frame.start);
  }
}
