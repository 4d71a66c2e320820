// SPDX-License-Identifier: Apache-2.0

import type { UseList } from '../uses.ts';
import { type JsonPlace, placeText } from './walk.ts';

/** Keys by which a loader chooses code. Twice in one object, readers differ in which one counts. */
const TELLING: ReadonlySet<string> = new Set([
  ...['auto_map', 'trust_remote_code', 'custom_pipelines', '_target_', 'chat_template', 'class_name', '_class_name'],
  ...['module', '__module__', '__class__', 'architectures', 'model_type', 'tokenizer_class', 'processor_class'],
  ...['registered_name', 'py/object', 'py/reduce', 'lc', 'weight_map', 'base_model_name_or_path', 'model_file'],
]);

/** What a text says to `str.format`: a field that reaches for an attribute of Python itself. `{{` is no field. */
const FIELD = /(?<!\{)\{(?!\{)[^{}]{0,200}?[.[]\s*['"]?__\w+__[^{}]{0,200}\}?/;

/** Looks for telling keys that one object has twice, and for format fields in prompts. */
export class RepeatedKeys {
  private readonly uses: UseList;
  private objects = 0;
  private readonly stack: (Map<string, string> | undefined)[] = [undefined];

  constructor(uses: UseList) {
    this.uses = uses;
  }

  open(place: JsonPlace, key: string): void {
    // What is inside is not compared: an object is never the same as another value.
    this.note(place, key, `(object ${this.objects++})`);
    this.stack.push(undefined);
  }

  scalar(place: JsonPlace, key: string, value: unknown): void {
    this.note(place, key, String(value));
    if (typeof value !== 'string' || !/template|prompt|format/i.test(key)) return;
    const field = FIELD.exec(value)?.[0];
    if (field !== undefined) this.uses.add('json-format-field', field, placeText(place));
  }

  close(): void {
    this.stack.pop();
  }

  private note(place: JsonPlace, key: string, value: string): void {
    if (!TELLING.has(key)) return;
    const at = this.stack.length - 1;
    const values = this.stack[at] ?? new Map<string, string>();
    this.stack[at] = values;
    const before = values.get(key);
    values.set(key, value);
    if (before === undefined) return;
    this.uses.add('json-duplicate', before === value ? key : `${key} (two values)`, placeText(place));
  }
}
