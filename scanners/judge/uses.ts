// SPDX-License-Identifier: Apache-2.0
import type { Facts, Use } from '../facts.ts';
import type { Rules, UseRow, UseScheme } from '../rules.ts';
import { shown } from './finding.ts';
import { type ImportJudge, importJudge } from './imports.ts';
import type { Name } from './names.ts';
import type { LocalFinding } from './pickle.ts';

/** What the rules say about one name of a vocabulary. */
interface UseJudgement {
  readonly rule: string;
  readonly level: 'allowed' | 'info' | 'review' | 'block';
  readonly reason: string;
  readonly references?: readonly string[];
}

/** Judges the uses of one node of the facts. */
export type UseJudge = (facts: Facts, name: Name) => LocalFinding[];

/** A scheme that no rule knows is `review`: facts of a newer extractor, or a rule that was forgotten. */
export function useJudge(rules: Rules): UseJudge {
  const imports = importJudge(rules);
  const schemes = new Map(Object.entries(rules.uses).map(([name, scheme]) => [name, compiled(scheme, imports)]));
  return (facts, name) =>
    (facts.uses ?? []).flatMap((use) => {
      const scheme = schemes.get(use.scheme);
      if (scheme === undefined) return [finding(use, UNKNOWN_SCHEME)];
      if (!scheme.counts(name, placeOf(facts.format, use))) return [];
      const judgement = scheme.judge(use.name);
      return judgement.level === 'allowed' ? [] : [finding(use, judgement)];
    });
}

const UNKNOWN_SCHEME: UseJudgement = {
  rule: 'no-extractor',
  level: 'review',
  reason: 'no rule speaks of such a thing',
};

/** Where in a file a use stands, for what counts under certain names only. */
type Place = 'text' | 'key' | 'elsewhere';

/** A place in a document begins with `$`. JSON Lines are read as text as well, and of YAML only a key is a place. */
function placeOf(format: string, { at }: Use): Place {
  if (format !== 'text' && format !== 'json') return 'elsewhere';
  if (!at.startsWith('$')) return 'text';
  return format === 'text' ? 'key' : 'elsewhere';
}

interface CompiledScheme {
  counts(name: Name, place: Place): boolean;
  judge(name: string): UseJudgement;
}

function compiled(scheme: UseScheme, imports: ImportJudge): CompiledScheme {
  const allowed = new Set(scheme.allow.names);
  const patterns = scheme.allow.patterns.map((pattern) => new RegExp(pattern));
  const rows = scheme.rows.map((row) => ({ row, fits: matcher(row) }));
  const { rule, otherwise } = scheme;
  return {
    counts: counter(scheme),
    judge(name) {
      if (allowed.has(name)) return ALLOWED;
      const row = rows.find(({ fits }) => fits(name))?.row;
      if (row) return judgementOf(row, rule);
      if (patterns.some((pattern) => pattern.test(name))) return ALLOWED;
      return scheme.imports ? imported(name, scheme, imports) : judgementOf(otherwise, rule);
    },
  };
}

/** `package.module.name`, split at its last point. */
function imported(name: string, { rule, imports: how, otherwise }: UseScheme, judge: ImportJudge): UseJudgement {
  const point = name.lastIndexOf('.');
  const { level, reason, references } = judge(point < 0 ? 'builtins' : name.slice(0, point), name.slice(point + 1));
  if (level === 'rebuild' && how === 'call') return judgementOf(otherwise, rule);
  if (level === 'allowed' || level === 'rebuild') return ALLOWED;
  // Whether it would be called is not told here.
  if (level === 'named') return { rule, level: 'review', reason: 'a function that may be named and not called' };
  return { rule, level, reason, ...(references === undefined ? {} : { references }) };
}

function counter({ extensions, names, namePattern, inText }: UseScheme): CompiledScheme['counts'] {
  const everywhere = extensions === undefined && names === undefined;
  const expression = namePattern === undefined ? undefined : new RegExp(namePattern);
  return ({ base, extension }, place) => {
    if (inText && place === 'key' && inText.keysIn.includes(extension)) return true;
    if (inText && place !== 'elsewhere') return inText.extensions.includes(extension) || inText.names.includes(base);
    return everywhere || extensions?.includes(extension) || names?.includes(base) || expression?.test(base) || false;
  };
}

function judgementOf(row: UseScheme['otherwise'] & { readonly rule?: string | undefined }, rule: string): UseJudgement {
  const { level, reason = '', references } = row;
  return { rule: row.rule ?? rule, level, reason, ...(references === undefined ? {} : { references }) };
}

const ALLOWED: UseJudgement = { rule: '', level: 'allowed', reason: '' };

function matcher({ names, pattern }: UseRow): (name: string) => boolean {
  if (names !== undefined) {
    const set = new Set(names);
    return (name) => set.has(name);
  }
  const expression = new RegExp(pattern ?? '');
  return (name) => expression.test(name);
}

function finding(use: Use, { rule, level, reason, references }: UseJudgement): LocalFinding {
  const times = (use.count ?? 1) > 1 ? ` (${use.count} times)` : '';
  const message = `${reason}: ${shown(use.name)} at ${use.at}${times}`;
  return {
    rule,
    level: level === 'allowed' ? 'info' : level,
    ...(use.offset === undefined ? {} : { offset: use.offset }),
    message,
    ...(references === undefined ? {} : { references }),
  };
}
