// SPDX-License-Identifier: Apache-2.0

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
  for (const { code, isStatement } of tags(source)) {
    if (isStatement) add(reaches, 'statement', STATEMENTS.exec(code)?.[1]);
    readStrings(code, reaches);
    readNames(code.replace(STRING, '""'), reaches);
  }
  return [...reaches].slice(0, KEPT);
}

/** What stands between `{{ }}` and `{% %}`, in one pass; a tag that is never closed runs to the end. */
function* tags(source: string): Generator<{ code: string; isStatement: boolean }> {
  for (let at = source.indexOf('{'); at >= 0; at = source.indexOf('{', at)) {
    const opening = source.slice(at, at + 2);
    if (opening !== '{{' && opening !== '{%') {
      at++;
      continue;
    }
    const isStatement = opening === '{%';
    const end = source.indexOf(isStatement ? '%}' : '}}', at + 2);
    yield { code: source.slice(at + 2, end < 0 ? source.length : end), isStatement };
    if (end < 0) return;
    at = end + 2;
  }
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
  if (/\|\s*attr\b/.test(code)) add(reaches, 'filter', 'attr');
  for (const [, name] of code.matchAll(LEADING_OUT)) add(reaches, 'global', name);
  for (const [, method] of code.matchAll(/\.\s*(format_map|mro|func_globals|gi_frame|gi_code|cr_frame)\b/g))
    add(reaches, 'attribute', method);
  for (const [, count] of code.matchAll(/\brange\s*\(\s*(?:\d+\s*,\s*)?(\d{7,})/g)) add(reaches, 'range', count);
}

function add(reaches: Set<string>, kind: string, what: string | undefined): void {
  if (what !== undefined && reaches.size < KEPT) reaches.add(`${kind} ${what}`);
}
