// SPDX-License-Identifier: Apache-2.0
import type { AllowRule, Rules } from '../rules.ts';
import type { Level } from './finding.ts';

/** What the rules say about one import. `allowed` has no finding; `rebuild` none unless its constructor is called. */
interface ImportJudgement {
  readonly rule: string;
  readonly level: Level | 'allowed' | 'rebuild';
  readonly reason: string;
  readonly references?: readonly string[];
}

export type ImportJudge = (module: string, name: string) => ImportJudgement;

const ALLOWED: ImportJudgement = { rule: '', level: 'allowed', reason: '' };
const REBUILD: ImportJudgement = { rule: '', level: 'rebuild', reason: '' };
const IDENTIFIER = /^[A-Za-z_]\w*$/;

/**
 * Default deny, in this order: what is allowed by its exact name; dotted names, which walk from an innocent module to
 * anything; known gadgets; allowed class patterns; the standard library; functions of closed packages; unknown.
 */
export function importJudge(rules: Rules): ImportJudge {
  const exact = new Set<string>();
  const patterns: { rule: AllowRule; pattern: RegExp }[] = [];
  for (const rule of rules.allow) {
    for (const name of rule.names ?? []) exact.add(`${rule.module}\0${name}`);
    if (rule.pattern !== undefined) patterns.push({ rule, pattern: new RegExp(rule.pattern) });
  }
  const stdlib = new Set(rules.stdlib);
  const closed = new Set(rules.closed);
  const never = new Set(rules.never);
  const suspicious = new RegExp(rules.suspicious);

  return (writtenModule, name) => {
    const module = aliased(rules.aliases, writtenModule);
    const top = module.split('.', 1)[0] ?? '';
    if (exact.has(`${module}\0${name}`)) return ALLOWED;
    if (name.includes('.')) return block('pickle-dotted-name', 'a dotted name reaches through one module into another');
    const denied = rules.deny.find((rule) => covers(rule.module, module) && (rule.names?.includes(name) ?? true));
    if (denied)
      return {
        ...block('pickle-denied-import', denied.reason),
        ...(denied.references && { references: denied.references }),
      };
    if (never.has(name)) return block('pickle-denied-import', 'a class that runs or loads code');
    const fitting = patterns.filter(({ rule, pattern }) => fits(rule, pattern, module, name));
    if (fitting.length > 0) return fitting.some(({ rule }) => rule.construct) ? ALLOWED : REBUILD;
    if (stdlib.has(top)) return block('pickle-stdlib-import', 'of the standard library only plain types are allowed');
    if (!module.split('.').every((part) => IDENTIFIER.test(part)) || !IDENTIFIER.test(name))
      return review('pickle-unknown-import', 'the name is no Python name');
    const isFunction = !/^_*[A-Z]/.test(name);
    if (closed.has(top) && isFunction)
      return block('pickle-denied-import', `no function that ${top}'s own pickles call`);
    if (isFunction && suspicious.test(name))
      return block('pickle-denied-import', 'by its name it runs or loads something');
    return review('pickle-unknown-import', 'no rule knows it');
  };
}

function aliased(aliases: Readonly<Record<string, string>>, module: string): string {
  for (const [old, now] of Object.entries(aliases)) if (covers(old, module)) return now + module.slice(old.length);
  return module;
}

function covers(outer: string, module: string): boolean {
  return module === outer || module.startsWith(`${outer}.`);
}

function fits(rule: AllowRule, pattern: RegExp, module: string, name: string): boolean {
  return (rule.below ? covers(rule.module, module) : rule.module === module) && pattern.test(name);
}

function block(rule: string, reason: string): ImportJudgement {
  return { rule, level: 'block', reason };
}

function review(rule: string, reason: string): ImportJudgement {
  return { rule, level: 'review', reason };
}
