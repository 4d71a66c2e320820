// SPDX-License-Identifier: Apache-2.0

import type { UseList } from '../uses.ts';
import { type JsonPlace, placeText } from './walk.ts';

/** What one open object says of the Python object that a reader makes of it. */
type Names = Map<string, string>;

const NAMES: ReadonlySet<string> = new Set([
  ...['__class__', '__module__', '__loader__', 'func', 'function', 'module_path'],
]);

/**
 * Python objects written as JSON. skops (`skops/io/_audit.py`, `get_tree`) writes nodes with `__class__`, `__module__`
 * and `__loader__`; jsonpickle (`jsonpickle/tags.py`) has keys that begin with `py/`; stable-baselines3 keeps pickles
 * in base64 under `:serialized:`.
 */
export class ObjectHooks {
  private readonly uses: UseList;
  private readonly stack: (Names | undefined)[] = [];
  /** The loader of the node whose `content` is being read, by depth. */
  private readonly loaders: (string | undefined)[] = [];

  constructor(uses: UseList) {
    this.uses = uses;
  }

  open(place: JsonPlace, key: string): void {
    if (key.startsWith('py/')) this.jsonpickle(key, '', place);
    this.loaders.push(key === 'content' ? this.stack.at(-1)?.get('__loader__') : undefined);
    this.stack.push(undefined);
  }

  scalar(place: JsonPlace, key: string, value: unknown): void {
    if (key.startsWith('py/')) this.jsonpickle(key, value, place);
    if (key === ':serialized:' && typeof value !== 'number')
      this.uses.add('json-serialised', 'a pickle in base64', placeText(place));
    if (!NAMES.has(key)) return;
    const at = this.stack.length - 1;
    const names = this.stack[at] ?? new Map<string, string>();
    names.set(key, typeof value === 'string' ? value : '(no short text)');
    this.stack[at] = names;
  }

  close(place: JsonPlace): void {
    const names = this.stack.pop();
    const loader = this.loaders.pop();
    if (names === undefined) return;
    const at = placeText(place);
    if (loader === 'MethodNode' && names.has('func')) this.uses.add('skops-method', names.get('func') ?? '', at);
    if (names.has('function') && names.has('module_path'))
      this.type(names.get('module_path'), names.get('function'), undefined, at);
    if (names.has('__class__') && names.has('__module__'))
      this.type(names.get('__module__'), names.get('__class__'), names.get('__loader__'), at);
    else if (names.has('__loader__')) this.uses.add('skops-loader', '(no type)', at);
  }

  private type(module = '', name = '', loader: string | undefined, at: string): void {
    if (loader !== undefined) this.uses.add('skops-loader', loader, at);
    if (loader === 'OperatorFuncNode') this.uses.add('skops-operator', `${module}.${name}`, at);
    else if (/[.]|^__/.test(name)) this.uses.add('skops-dotted', `${module}:${name}`, at);
    else this.uses.add(CALLING.has(loader ?? '') ? 'skops-constructor' : 'skops-type', `${module}.${name}`, at);
  }

  private jsonpickle(key: string, value: unknown, place: JsonPlace): void {
    const imports = IMPORTING.has(key) && typeof value === 'string';
    if (imports) this.uses.add('jsonpickle-import', value, placeText(place));
    else this.uses.add('jsonpickle', key, placeText(place));
  }
}

/** Loaders that call the type with arguments from the document. */
const CALLING: ReadonlySet<string> = new Set(['ConstructorFromReduceNode', 'LossNode', 'SGDNode']);
const IMPORTING: ReadonlySet<string> = new Set([
  'py/object',
  'py/type',
  'py/function',
  'py/class',
  'py/enum',
  'py/ref',
]);
