// SPDX-License-Identifier: Apache-2.0

const TAG = /\{\{([\s\S]*?)\}\}|\{%([\s\S]*?)%\}/g;
const STRING = /"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'/g;
const STATEMENTS = /^[-+\s]*(include|import|from|extends)\b/;
/** Jinja's own globals that lead to Python's internals in one step. */
const LEADING_OUT = /(?<![.\w])(cycler|joiner|lipsum|self|config|request|url_for|get_flashed_messages)\b(?!\s*=)/g;
const KEPT = 100;

/**
 * What a Jinja template reaches beyond its messages: dunder attributes under any spelling, the `attr` filter, other
 * files, Jinja's leading-out globals, huge ranges. Each is named once, as it is written. The template is not run.
 */
export function templateReaches(source: string): string[] {
  const reaches = new Set<string>();
  for (const [, expression, statement] of source.matchAll(TAG)) {
    const code = expression ?? statement ?? '';
    if (statement !== undefined) add(reaches, 'statement', STATEMENTS.exec(statement)?.[1]);
    readStrings(code, reaches);
    readNames(code.replace(STRING, '""'), reaches);
  }
  return [...reaches].slice(0, KEPT);
}

function readStrings(code: string, reaches: Set<string>): void {
  for (const [text] of code.matchAll(STRING)) {
    if (/\\x5f|\\u005f|\\137|\\N\{LOW LINE\}/i.test(text)) add(reaches, 'escape', text.slice(0, 80));
    const dunder = /__\w+__/.exec(text.replace(/\\x5f|\\u005f|\\137/gi, '_'))?.[0];
    if (dunder !== undefined) add(reaches, 'text', dunder);
  }
  for (const [, subscript] of code.matchAll(/\[\s*["'](_\w*)["']\s*\]/g)) add(reaches, 'attribute', subscript);
}

function readNames(code: string, reaches: Set<string>): void {
  for (const [, attribute] of code.matchAll(/\.\s*(_\w*)/g)) add(reaches, 'attribute', attribute);
  for (const [name] of code.matchAll(/(?<![.\w])__\w+/g)) add(reaches, 'name', name);
  for (const [, filter] of code.matchAll(/\|\s*(attr|map|format|xmlattr)\b/g))
    if (filter === 'attr' || (filter === 'map' && /map\s*\(\s*attribute/.test(code))) add(reaches, 'filter', filter);
  for (const [, name] of code.matchAll(LEADING_OUT)) add(reaches, 'global', name);
  for (const [, method] of code.matchAll(/\.\s*(format_map|mro|func_globals|gi_frame|gi_code|cr_frame)\b/g))
    add(reaches, 'attribute', method);
  for (const [, count] of code.matchAll(/\brange\s*\(\s*(?:\d+\s*,\s*)?(\d{7,})/g)) add(reaches, 'range', count);
}

function add(reaches: Set<string>, kind: string, what: string | undefined): void {
  if (what !== undefined && reaches.size < KEPT) reaches.add(`${kind} ${what}`);
}
