// SPDX-License-Identifier: Apache-2.0
import type { Facts } from '../facts.ts';
import type { Rules } from '../rules.ts';
import type { Name } from './names.ts';
import type { LocalFinding } from './pickle.ts';

const LISTED = 20;
const TEXTS: ReadonlySet<string> = new Set(['text', 'json', 'zip']);

/** A file of code is named as such with what it imports and runs, and judged by what stands in it together. */
export function codeJudge(rules: Rules): (facts: Facts, name: Name) => LocalFinding[] {
  const notable = new RegExp(rules.notable);
  const shapes = rules.shapes.map((shape) => ({ shape, all: shape.all.map((pattern) => new RegExp(pattern)) }));
  return (facts, name) => {
    const findings: LocalFinding[] = isCode(name, facts, rules) ? [described(facts, name, notable, rules)] : [];
    if (facts.uses === undefined || facts.uses.length === 0) return findings;
    const written = facts.uses.map(({ scheme, name: used }) => `${scheme} ${used}`);
    for (const { shape, all } of shapes) {
      if (shape.extensions && !shape.extensions.includes(name.extension)) continue;
      const found = all.map((pattern) => written.findIndex((text) => pattern.test(text)));
      if (found.includes(-1)) continue;
      const places = found.map((i) => `${facts.uses?.[i]?.name} at ${facts.uses?.[i]?.at}`);
      findings.push({ rule: shape.rule, level: shape.level, message: `${shape.reason}: ${places.join(' with ')}` });
    }
    return findings;
  };
}

function isCode({ base, extension }: Name, { format }: Facts, { code }: Rules): boolean {
  return TEXTS.has(format) && (code.extensions.includes(extension) || code.names.includes(base));
}

function described(facts: Facts, { base, extension }: Name, notable: RegExp, rules: Rules): LocalFinding {
  const imports = listed(facts, (scheme) => scheme === 'python-import', /./);
  const calls = listed(facts, (scheme) => /^python-call/.test(scheme), notable);
  const commands = listed(facts, (scheme) => scheme === 'shell-command', /./);
  const message = [
    `is code (.${extension || base}): some program runs it`,
    ...(imports.length > 0 ? [`imports ${imports.join(', ')}`] : []),
    ...(calls.length > 0 ? [`uses ${calls.join(', ')}`] : []),
    ...(commands.length > 0 && imports.length === 0 ? [`runs ${commands.join(', ')}`] : []),
  ].join('; ');
  return { rule: 'custom-code', level: rules.levels.code, message };
}

function listed(facts: Facts, fits: (scheme: string) => boolean, pattern: RegExp): string[] {
  const names = (facts.uses ?? []).filter((use) => fits(use.scheme) && pattern.test(use.name));
  const distinct = [...new Set(names.map((use) => printable(use.name)))];
  return distinct.length > LISTED ? [...distinct.slice(0, LISTED), `${distinct.length - LISTED} more`] : distinct;
}

function printable(name: string): string {
  return name.replace(/[^\x20-\x7e]/g, '?').slice(0, 60);
}
