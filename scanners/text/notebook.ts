// SPDX-License-Identifier: Apache-2.0
import { analysePython } from '../python/analyse.ts';
import { addReport } from './python.ts';
import { commandShapes, commandsIn } from './shell.ts';
import type { TextUses } from './uses.ts';

/** `%magic`, `!command`, and cells that a `%%magic` gives to another interpreter. */
const SHELL_CELL =
  /^%%(?:bash|sh|zsh|script|cmd|!|sx|system|perl|ruby|powershell|pwsh|javascript|js|html|R|julia)\b|^%%!/;
/** Magics whose line is Python, behind their options. */
const PYTHON_LINE = /^(?:time|timeit|prun|memit|mprun|lprun)\b(?:\s+-\w+(?:\s*\d+)?)*\s*/;
const ANY_CELL = /^%%\w+/;

export interface NotebookCell {
  readonly source: string;
  readonly isCode: boolean;
}

/** The code cells of a notebook as Python with IPython's own lines taken out, and those lines as commands. */
export function readNotebookCells(cells: readonly NotebookCell[], uses: TextUses): void {
  const python: string[] = [];
  for (const { source, isCode } of cells) {
    if (!isCode) continue;
    const trimmed = source.trimStart();
    if (SHELL_CELL.test(trimmed)) addCommands(trimmed.replace(/^[^\n]*\n?/, ''), uses);
    else
      python.push(
        withoutMagics(
          ANY_CELL.test(trimmed) ? trimmed.replace(/^%%([^\n]*)/, (_all, line: string) => pythonOf(line)) : source,
          uses,
        ),
      );
  }
  addReport(analysePython(...python), uses, true);
}

/** A script of `# %%` cells, or a text of a notebook: its lines of IPython. */
export function readNotebookMagics(text: string, uses: TextUses): void {
  if (/^\s*!\s*\w/m.test(text))
    for (const { name } of commandShapes(text)) uses.add('notebook-shape', name, 'the file');
}

function withoutMagics(source: string, uses: TextUses): string {
  return source.replace(
    /^([ \t]*)(?:[\w,][\w, ]*=[ \t]*)?([!%]{1,2})((?:\\\r?\n|[^\n])*)/gm,
    (_all, indent: string, mark: string, rest: string) => {
      if (mark.startsWith('!')) addCommands(rest, uses);
      else addMagic(rest, uses);
      return `${indent}${(mark === '%' && pythonOf(rest)) || 'pass'}`;
    },
  );
}

/** What a magic's line runs as Python, if it does. */
function pythonOf(line: string): string {
  return PYTHON_LINE.test(line) ? line.replace(PYTHON_LINE, '') : '';
}

function addMagic(line: string, uses: TextUses): void {
  const [name = '', ...rest] = line.trim().split(/\s+/);
  if (/^(?:pip|conda|sx|sc|system|alias|run|load|macro|edit)$/.test(name))
    uses.add('notebook-command', line.slice(0, 150), 'a cell');
  if (/^(?:sx|sc|system|alias)$/.test(name)) addCommands(rest.join(' '), uses);
}

function addCommands(text: string, uses: TextUses): void {
  for (const { name } of commandShapes(text)) uses.add('notebook-shape', name, 'a cell');
  for (const command of commandsIn(text)) uses.add('notebook-command', command, 'a cell');
}
