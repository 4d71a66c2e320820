// SPDX-License-Identifier: Apache-2.0
import type { AllowRule, Rules } from '../rules.ts';
import type { Level } from './finding.ts';

/**
 * What the rules say about one import. `allowed` has no finding; `rebuild` none unless its constructor is called;
 * `named` none unless it is called at all.
 */
export interface ImportJudgement {
  readonly rule: string;
  readonly level: Level | 'allowed' | 'rebuild' | 'named';
  readonly reason: string;
  readonly references?: readonly string[];
  /** Where nothing is known of it: the calls that are refused, all of them or those with telling arguments. */
  readonly refused?: 'calls' | 'telling-calls';
}

export type ImportJudge = (module: string, name: string) => ImportJudgement;

const ALLOWED: ImportJudgement = { rule: '', level: 'allowed', reason: '' };
const REBUILD: ImportJudgement = { rule: '', level: 'rebuild', reason: '', refused: 'telling-calls' };
const NAMED: ImportJudgement = { rule: '', level: 'named', reason: '' };
const IDENTIFIER = /^[\p{L}_][\p{L}\p{N}_]*$/u;
/** A member of an enumeration, or another constant of a class. */
const MEMBER = /^([^.]+)\.[A-Z][A-Z0-9_]*$/;

/**
 * Default deny, in this order: what is allowed by its exact name; dotted names, which walk from an innocent module to
 * anything; known gadgets; allowed class patterns; the standard library; functions of closed packages; unknown.
 */
export function importJudge(rules: Rules): ImportJudge {
  const allowed = new Allowed(rules.allow);
  const denied = byModule(rules.deny.flatMap(({ modules, ...rule }) => modules.map((module) => ({ module, ...rule }))));
  const stdlib = new Set(rules.stdlib);
  const closed = new Set(rules.closed);
  const never = new Set(rules.never);
  const suspicious = new RegExp(rules.suspicious);
  const rebuilders = new RegExp(rules.rebuilders);

  const judge: ImportJudge = (writtenModule, name) => {
    const module = aliased(rules.aliases, writtenModule);
    const top = module.split('.', 1)[0] ?? '';
    const exact = allowed.exact(module, name);
    if (exact) return exact;
    if (name.includes('.')) return dotted(judge, module, name);
    const gadget = firstCovering(denied, module, (rule) => rule.names?.includes(name) ?? true);
    if (gadget) return { ...block('pickle-denied-import', gadget.reason), references: gadget.references ?? [] };
    if (never.has(name)) return block('pickle-denied-import', 'a class that runs or loads code');
    const fitting = allowed.byPattern(module, name);
    if (fitting) return fitting;
    if (stdlib.has(top)) return block('pickle-stdlib-import', 'of the standard library only plain types are allowed');
    if (disguised(module) || disguised(name))
      return block('pickle-denied-import', 'the name is written in letters that pass for others');
    if (isPrivate(top)) return block('pickle-stdlib-import', 'a private module holds what its package keeps to itself');
    if (!module.split('.').every((part) => IDENTIFIER.test(part)) || !IDENTIFIER.test(name))
      return { ...review('pickle-unknown-import', 'the name is no Python name'), refused: 'calls' };
    const isFunction = !/^_*[A-Z]/.test(name);
    if (closed.has(top) && isFunction)
      return block('pickle-denied-import', `no function that ${top}'s own pickles call`);
    if (isFunction && suspicious.test(name))
      return block('pickle-denied-import', 'by its name it runs or loads something');
    const rebuilds = !isFunction || rebuilders.test(name) || top === '__main__';
    return { ...review('pickle-unknown-import', 'no rule knows it'), refused: rebuilds ? 'telling-calls' : 'calls' };
  };
  return judge;
}

/** The members of an enumeration that may be rebuilt are data; any other walk is not judged by its steps. */
function dotted(judge: ImportJudge, module: string, name: string): ImportJudgement {
  const owner = MEMBER.exec(name)?.[1];
  const level = owner === undefined ? 'block' : judge(module, owner).level;
  if (level === 'allowed' || level === 'rebuild') return NAMED;
  return block('pickle-dotted-name', 'a dotted name reaches through one module into another');
}

/** Compiled parts of Python and of packages; `__main__` is the program that wrote the file. */
function isPrivate(top: string): boolean {
  return top.startsWith('_') && !/^__\w+__$/.test(top);
}

/** Python's own compiler writes names in their plain form, so that no honest pickle holds another one. */
function disguised(name: string): boolean {
  return name.normalize('NFKC') !== name;
}

interface CompiledPattern {
  readonly rule: AllowRule;
  readonly pattern: RegExp;
}

/** The allow list by module, so that an import costs a few look-ups however many rules there are. */
class Allowed {
  private readonly names = new Map<string, ImportJudgement>();
  private readonly patterns: ReadonlyMap<string, readonly CompiledPattern[]>;

  constructor(rules: readonly AllowRule[]) {
    const compiled: (CompiledPattern & { module: string })[] = [];
    for (const rule of rules) {
      const judgement = judgementOf(rule);
      for (const name of rule.names ?? []) this.names.set(`${rule.module}\0${name}`, judgement);
      const { module, pattern } = rule;
      if (pattern !== undefined) compiled.push({ module, rule, pattern: new RegExp(pattern) });
    }
    this.patterns = byModule(compiled);
  }

  exact(module: string, name: string): ImportJudgement | undefined {
    return this.names.get(`${module}\0${name}`);
  }

  /** The most that any fitting pattern allows. */
  byPattern(module: string, name: string): ImportJudgement | undefined {
    let found: ImportJudgement | undefined;
    for (const outer of outerModules(module))
      for (const { rule, pattern } of this.patterns.get(outer) ?? []) {
        if ((outer !== module && !rule.below) || !pattern.test(name)) continue;
        if (rule.construct) return ALLOWED;
        if (!rule.named) found = REBUILD;
        else found ??= NAMED;
      }
    return found;
  }
}

/** Of exact names. */
function judgementOf({ named, rebuilt }: AllowRule): ImportJudgement {
  if (named) return NAMED;
  return rebuilt ? REBUILD : ALLOWED;
}

function byModule<R extends { readonly module: string }>(rules: readonly R[]): ReadonlyMap<string, readonly R[]> {
  const map = new Map<string, R[]>();
  for (const rule of rules) {
    const same = map.get(rule.module);
    if (same) same.push(rule);
    else map.set(rule.module, [rule]);
  }
  return map;
}

function firstCovering<R>(rules: ReadonlyMap<string, readonly R[]>, module: string, fits: (rule: R) => boolean) {
  for (const outer of outerModules(module)) {
    const found = rules.get(outer)?.find(fits);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `a.b.c`, `a.b`, `a`; only so many, as names are a stranger's. */
function* outerModules(module: string): Generator<string> {
  let outer = module;
  for (let i = 0; i < 32; i++) {
    yield outer;
    const dot = outer.lastIndexOf('.');
    if (dot < 0) return;
    outer = outer.slice(0, dot);
  }
}

/** Modules that have moved, by the longest name that fits. */
function aliased(aliases: Readonly<Record<string, string>>, module: string): string {
  for (const outer of outerModules(module))
    if (Object.hasOwn(aliases, outer)) return aliases[outer] + module.slice(outer.length);
  return module;
}

function block(rule: string, reason: string): ImportJudgement {
  return { rule, level: 'block', reason };
}

function review(rule: string, reason: string): ImportJudgement {
  return { rule, level: 'review', reason };
}
