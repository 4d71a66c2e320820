// SPDX-License-Identifier: Apache-2.0
import { analysePython, type PythonReport } from '../python/analyse.ts';
import type { TextUses } from './uses.ts';

const SCHEMES = { import: 'python-call-at-import', load: 'python-call-at-load', call: 'python-call' } as const;
/** Without one of these nothing is imported, called or decorated. */
const ACTS = /[(@]|\bimport\b|\bexec\b/;

export function readPython(text: string, uses: TextUses): void {
  const declared = /^(?:[^\n]*\n)?[ \t\f]*#[^\n]{0,200}?coding[:=][ \t]*([-\w.]+)/.exec(text.slice(0, 1000))?.[1];
  if (declared !== undefined)
    uses.add('python-encoding', declared.toLowerCase().replaceAll('_', '-'), 'the first lines');
  if (!ACTS.test(text)) return;
  addReport(analysePython(text), uses);
}

/** `onRun`: the code of a notebook runs when its reader says so, not at import. */
export function addReport(report: PythonReport, uses: TextUses, onRun = false): void {
  for (const [module, line] of report.imports) uses.add('python-import', module, `line ${line}`);
  for (const stage of ['import', 'load', 'call'] as const)
    for (const [name, line] of report.used[stage])
      uses.add(onRun ? 'python-call' : SCHEMES[stage], name, `line ${line}`);
  for (const [chain, line] of report.dunders) uses.add('python-dunder', chain, `line ${line}`);
  for (const [text, line] of report.texts) uses.add('python-text', text, `line ${line}`);
  for (const [what, line] of report.obfuscations) uses.add('python-obfuscation', what, `line ${line}`);
  if (report.broken) uses.add('python-broken', report.broken.slice(0, 100), 'the file');
  if (report.hides) uses.add('python-long', 'calls behind more tokens than are read', 'the file');
  else if (report.cut) uses.add('python-long', 'more tokens than are read', 'the file');
}
