// SPDX-License-Identifier: Apache-2.0
import { inspect } from 'node:util';

/**
 * A secret that shows itself only where `reveal` is called: logs, JSON, templates and `console.log` of whatever holds
 * it print a mark. `from` says where it was read, such as `AIRLOCK_UPSTREAM_TOKEN`.
 */
export class Secret {
  readonly from: string;
  readonly #value: string;

  constructor(value: string, from: string) {
    this.#value = value;
    this.from = from;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}
