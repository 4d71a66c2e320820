// SPDX-License-Identifier: Apache-2.0

import { type JsonPlace, placeText } from '../json/walk.ts';
import type { UseList } from '../uses.ts';

type Scalar = string | number | boolean | null | undefined;

/** Keys of a serialised Keras object, as keras/src/saving/serialization_lib.py reads them. */
const KEYS: ReadonlySet<string> = new Set(['class_name', 'module', 'registered_name', 'config', 'spec_name']);

/** Settings of layers and tokenizers that name a file when they are a text. */
const FILE_KEYS: ReadonlySet<string> = new Set([
  ...['vocabulary', 'merges', 'proto', 'filepath', 'file_path', 'filename', 'fname', 'origin', 'cache_dir', 'url'],
]);

const OPERATORS = /(?:^|\.)(?:TFOpLambda|SlicingOpLambda)$/;

/** One JSON object, as far as it may be a serialised Keras object or the settings of one. */
interface Frame {
  /** The key under which it stands in the object around. */
  readonly key: string;
  readonly values: Map<string, Scalar>;
  readonly files: string[];
  readonly repeated: Set<string>;
  hasConfig: boolean;
  /** `function` among the settings of a TensorFlow operator. */
  operator?: string;
}

/**
 * Finds serialised Keras objects at every depth of a JSON document: an object with both `class_name` and `config`, in
 * any order of keys. What they would make a loader import, construct or open becomes uses; classes without a module
 * are those of the legacy format, which looks them up by name.
 */
export class KerasReader {
  private readonly uses: UseList;
  private readonly frames: (Frame | undefined)[] = [];

  constructor(uses: UseList) {
    this.uses = uses;
  }

  open(place: JsonPlace, kind: 'object' | 'array'): void {
    const level = place.levels.at(-1);
    const key = level?.kind === 'object' ? level.key : '';
    this.note(key, undefined);
    const frame = { key, values: new Map(), files: [], repeated: new Set<string>(), hasConfig: false };
    this.frames.push(kind === 'object' ? frame : undefined);
  }

  scalar(place: JsonPlace, value: Scalar): void {
    const level = place.levels.at(-1);
    if (level?.kind !== 'object') return;
    this.note(level.key, value);
    const frame = this.frames.at(-1);
    if (frame?.key !== 'config' || typeof value !== 'string') return;
    if (FILE_KEYS.has(level.key)) frame.files.push(value);
    if (level.key === 'function') frame.operator = value;
  }

  close(place: JsonPlace): void {
    const frame = this.frames.pop();
    if (frame === undefined) return;
    const outer = this.frames.at(-1);
    if (frame.key === 'config' && outer) {
      outer.files.push(...frame.files);
      if (frame.operator !== undefined) outer.operator = frame.operator;
    }
    if (frame.hasConfig && frame.values.has('class_name')) this.object(frame, placeText(place));
  }

  private note(key: string, value: Scalar): void {
    const frame = this.frames.at(-1);
    if (frame === undefined || !KEYS.has(key)) return;
    if (key === 'config') {
      if (frame.hasConfig) frame.repeated.add(key);
      frame.hasConfig = true;
    } else if (frame.values.has(key)) frame.repeated.add(key);
    frame.values.set(key, value);
  }

  private object(frame: Frame, at: string): void {
    const className = textOf(frame.values.get('class_name'));
    const module = frame.values.get('module');
    for (const key of frame.repeated) this.uses.add('keras-repeated-key', key, at);
    if (className === 'function') this.callable(module, frame.values.get('config'), at);
    else this.classOf(module, className, at);
    const specification = frame.values.get('spec_name');
    if (specification !== undefined) this.classOf(module, textOf(specification), at);
    this.registered(frame.values.get('registered_name'), className, at);
    for (const file of frame.files) this.uses.add('keras-file', file, at);
    if (OPERATORS.test(className)) this.uses.add('keras-tf-operator', frame.operator ?? '(none)', at);
  }

  private classOf(module: Scalar, name: string, at: string): void {
    if (module === undefined || module === null || name.startsWith('__')) this.uses.add('keras-legacy-class', name, at);
    else this.imported('keras-class', `${textOf(module)}.${name}`, at);
  }

  private callable(module: Scalar, name: Scalar, at: string): void {
    this.imported('keras-function', `${module ? textOf(module) : '(none)'}.${textOf(name)}`, at);
  }

  /** Older loaders import any module; which names that is harmless for, the rules for imports say. */
  private imported(scheme: string, name: string, at: string): void {
    this.uses.add(scheme, name, at);
    this.uses.add('keras-import', name, at);
  }

  /** A key of the registry of custom objects, when it is more than the class's own name. */
  private registered(name: Scalar, className: string, at: string): void {
    if (typeof name !== 'string' || name === className || className === 'function') return;
    this.uses.add('keras-registered', name, at);
  }
}

/** A text too long to be kept, or no text at all, is no name that any rule lists. */
function textOf(value: Scalar): string {
  return typeof value === 'string' ? value : `(${value === undefined ? 'no plain text' : String(value)})`;
}
