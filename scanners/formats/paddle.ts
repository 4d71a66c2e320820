// SPDX-License-Identifier: Apache-2.0
import type { Facts } from '../facts.ts';
import { looksLikeCode } from '../protobuf/code-text.ts';
import { type Field, messageType } from '../protobuf/schema.ts';
import { PADDLE } from '../protobuf/schemas/paddle.ts';
import { type Frame, type Listener, placeOf, textOf, textValue, type Value, walkProtobuf } from '../protobuf/walk.ts';
import { UseList } from '../uses.ts';
import type { Extractor } from './context.ts';

/** `framework.proto`: the blocks of a program with their operators. */
export const paddleProgram: Extractor = async (facts, bytes, context) =>
  walkProtobuf(bytes, messageType(PADDLE, 'ProgramDesc'), new ProgramReader(facts), facts, context.spending);

/** Attributes by which operators find files. */
const PATH_ATTRIBUTE = /(?:^|_)(?:path|file|filename|file_path|dirname|endpoint|endpoints)$/;

class ProgramReader implements Listener {
  readonly keep: Readonly<Record<string, number>> = {
    'OpDesc.type': 512,
    'OpDesc.Attr.name': 512,
    'OpDesc.Attr.s': 65_536,
    'OpDesc.Attr.strings': 65_536,
  };
  private readonly uses: UseList;
  private texts: string[] = [];

  constructor(facts: Facts) {
    this.uses = new UseList(facts);
  }

  value(_frame: Frame, field: Field, value: Value): void {
    const isText = field.key === 'OpDesc.Attr.s' || field.key === 'OpDesc.Attr.strings';
    if (isText && this.texts.length < 64) this.texts.push(textValue(value));
  }

  leave(frame: Frame): void {
    if (frame.type.name === 'OpDesc')
      this.uses.add('paddle-operator', textOf(frame, 'type') ?? '', placeOf(frame), frame.start);
    else if (frame.type.name === 'OpDesc.Attr') this.attribute(frame, textOf(frame, 'name') ?? '');
  }

  /** `op_callstack` holds lines of the source that built the program: text for an error message, never run. */
  private attribute(frame: Frame, name: string): void {
    const texts = this.texts;
    this.texts = [];
    if (name === 'op_callstack') return;
    for (const text of texts.filter((value) => value !== '')) {
      if (PATH_ATTRIBUTE.test(name)) this.uses.add('paddle-path', text, `${placeOf(frame)} ${name}`, frame.start);
      else if (looksLikeCode(text)) this.uses.add('paddle-code-text', text, placeOf(frame), frame.start);
    }
  }
}
