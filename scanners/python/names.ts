// SPDX-License-Identifier: Apache-2.0
import { either, NOTHING, refValue, type Value } from './values.ts';

const BUILTINS: ReadonlySet<string> = new Set(
  `exec eval compile __import__ open getattr setattr delattr globals locals vars input breakpoint type object chr str
  bytes bytearray reversed map filter execfile reload memoryview exit quit print help dict list tuple iter next sorted`.split(
    /\s+/,
  ),
);
const MAX_BLURRED = 10_000;
/** Names that a module has without asking for them; the last one in a notebook. */
const GIVEN: ReadonlyMap<string, string> = new Map([
  ['__builtins__', 'builtins'],
  ['__loader__', '__loader__'],
  ['__spec__', '__spec__'],
  ['get_ipython', 'IPython.get_ipython'],
]);

/**
 * What the names of one source may stand for, whatever the order in which they are bound: a name that is `os` anywhere
 * is taken as `os` everywhere. Paths such as `self.x` and results such as `f()` are names as well.
 */
export class Names {
  private readonly bindings = new Map<string, Value>();
  private readonly definitions = new Set<string>();
  private readonly stars = new Set<string>();
  private readonly blurred = new Set<string>();

  define(name: string): void {
    this.definitions.add(name);
  }

  isDefined(name: string): boolean {
    return this.definitions.has(name);
  }

  star(module: string): void {
    this.stars.add(module);
  }

  bind(path: string, value: Value): void {
    if (value.refs.length === 0 && value.text === undefined && !value.local && !value.origin && !value.items) return;
    const before = this.bindings.get(path);
    const { path: _path, dunders: _dunders, ...rest } = value;
    this.bindings.set(path, before ? either(before, rest) : rest);
  }

  /** The text under this name is put together piece by piece. */
  blur(path: string): void {
    if (this.blurred.size < MAX_BLURRED) this.blurred.add(path);
  }

  bound(path: string): Value | undefined {
    const value = this.bindings.get(path);
    if (value?.text === undefined || !this.blurred.has(path)) return value;
    const { text: _text, ...rest } = value;
    return rest;
  }

  lookup(name: string): Value {
    let value: Value = this.bound(name) ?? NOTHING;
    if (this.definitions.has(name)) value = either(value, { ...NOTHING, local: [name] });
    const given = GIVEN.get(name);
    if (given !== undefined) value = either(value, refValue(given));
    else if (BUILTINS.has(name)) value = either(value, refValue(`builtins.${name}`));
    else if (value === NOTHING && this.stars.size > 0 && /^[a-z_]\w*$/.test(name))
      value = refValue(...[...this.stars].map((module) => `${module}.${name}`));
    return { ...value, path: name };
  }
}
