// SPDX-License-Identifier: Apache-2.0
import type { Scope } from './scopes.ts';

/** When a body runs: as soon as the module is imported, when a class of it is loaded and used, or when called. */
export type Stage = 'import' | 'load' | 'call';

/** Methods that loading a model runs without being named in the file. */
const ON_LOAD: ReadonlySet<string> = new Set(
  `__init__ __new__ __post_init__ __init_subclass__ __set_name__ __class_getitem__ __setstate__ __reduce__ __reduce_ex__ __getattr__
  __getattribute__ __del__ __call__ forward generate from_pretrained _from_config load_model load_context predict setup
  build call from_config get_config preprocess postprocess __getnewargs__ __setattr__ __enter__`.split(/\s+/),
);
/** Methods of a base class that defining a subclass runs. */
const ON_SUBCLASS: ReadonlySet<string> = new Set(['__init_subclass__', '__class_getitem__', '__set_name__']);

/**
 * The stage of each scope: a function runs at import when code that does so mentions it, and with it what it mentions.
 * Classes are entered through what is called on them.
 */
export function stages(scopes: readonly Scope[]): Map<Scope, Stage> {
  const found = new Map<Scope, Stage>();
  const index = new ByName(scopes);
  spread(
    scopes.filter((scope) => scope.kind === 'module' || (scope.kind === 'function' && isModuleHook(scope))),
    'import',
    found,
    index,
  );
  spread(
    scopes.filter((scope) => scope.kind === 'function' && scope.parent?.kind === 'class' && ON_LOAD.has(scope.name)),
    'load',
    found,
    index,
  );
  return found;
}

/** PEP 562: importing a name that is not there calls it. */
function isModuleHook(scope: Scope): boolean {
  return scope.parent?.kind === 'module' && scope.name === '__getattr__';
}

function spread(start: readonly Scope[], stage: Stage, found: Map<Scope, Stage>, index: ByName): void {
  const queue = [...start];
  for (let scope = queue.pop(); scope; scope = queue.pop()) {
    if (found.has(scope)) continue;
    found.set(scope, stage);
    queue.push(...index.inside(scope));
    for (const { name, how, method } of scope.mentioned.values()) {
      if (how !== 'header' && how !== 'metaclass') queue.push(...index.functions(name));
      if (method !== undefined) queue.push(...index.methods(name, (of) => of === method));
      else if (how === 'header') queue.push(...index.methods(name, (of) => ON_SUBCLASS.has(of)));
      else if (how !== 'bare') queue.push(...index.methods(name, (of) => /^__\w+__$/.test(of)));
    }
  }
}

const MAX_BASES = 16;

class ByName {
  private readonly plain = new Map<string, Scope[]>();
  private readonly ofClass = new Map<string, Scope[]>();
  private readonly children = new Map<Scope, Scope[]>();
  private readonly bases = new Map<string, readonly string[]>();

  constructor(scopes: readonly Scope[]) {
    for (const scope of scopes) {
      const { kind, name, parent } = scope;
      if (parent !== undefined) push(this.children, parent, scope);
      if (kind === 'class') this.bases.set(name, scope.bases);
      if (kind !== 'function') continue;
      if (parent?.kind === 'class') push(this.ofClass, parent.name, scope);
      else push(this.plain, name, scope);
    }
  }

  /** Bodies that run with the one around them: of classes, and of functions that a running function defines. */
  inside(scope: Scope): readonly Scope[] {
    const all = this.children.get(scope) ?? [];
    return scope.kind === 'function'
      ? all.filter(({ kind }) => kind !== 'main')
      : all.filter(({ kind }) => kind === 'class');
  }

  functions(name: string): readonly Scope[] {
    return this.plain.get(name) ?? [];
  }

  methods(name: string, fits: (method: string) => boolean): readonly Scope[] {
    return this.withBases(name).flatMap((of) => (this.ofClass.get(of) ?? []).filter((scope) => fits(scope.name)));
  }

  /** A class has the methods of its base classes too. */
  private withBases(name: string): readonly string[] {
    const found = new Set([name]);
    for (const one of found) {
      if (found.size >= MAX_BASES) break;
      for (const base of this.bases.get(one) ?? []) found.add(base);
    }
    return [...found];
  }
}

function push<K>(map: Map<K, Scope[]>, key: K, scope: Scope): void {
  const same = map.get(key);
  if (same) same.push(scope);
  else map.set(key, [scope]);
}
