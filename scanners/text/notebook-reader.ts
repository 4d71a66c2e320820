// SPDX-License-Identifier: Apache-2.0
import type { Facts } from '../facts.ts';
import type { JsonPlace } from '../json/walk.ts';
import { type NotebookCell, readNotebookCells } from './notebook.ts';
import { TextUses } from './uses.ts';

const LINE_BYTES = 256 * 1024;
const MAX_CHARACTERS = 4 * 1024 * 1024;

/** Collects the cells of a Jupyter notebook (nbformat 3 and 4) while its JSON is walked. */
export class NotebookReader {
  private readonly cells: { source: string; isCode: boolean }[] = [];
  private readonly outputs = new Set<string>();
  private characters = 0;
  private isCut = false;

  /** How much of the text at this place must be kept. */
  keep(place: JsonPlace, otherwise: number): number {
    return cellOf(place) === undefined ? otherwise : LINE_BYTES;
  }

  scalar(place: JsonPlace, value: unknown): void {
    const found = cellOf(place);
    if (found === undefined) return;
    const cell = this.cell(found.index);
    if (found.key === 'cell_type') cell.isCode = value === 'code';
    else if (found.key === 'source' || found.key === 'input') this.add(cell, value);
    else this.output(place, value);
  }

  private cell(index: number): { source: string; isCode: boolean } {
    const known = this.cells[index];
    if (known) return known;
    const cell = { source: '', isCode: true };
    this.cells[index] = cell;
    return cell;
  }

  private add(cell: { source: string }, value: unknown): void {
    if (typeof value !== 'string' || this.characters > MAX_CHARACTERS) {
      this.isCut = true;
      return;
    }
    this.characters += value.length;
    cell.source += value;
  }

  /** What a viewer of the notebook runs without asking. */
  private output(place: JsonPlace, value: unknown): void {
    const type = place.levels
      .map((level) => (level.kind === 'object' ? level.key : ''))
      .find((key) => key.includes('/'));
    if (type === 'application/javascript') this.outputs.add(type);
    if (type === 'text/html' && typeof value === 'string' && /<script\b/i.test(value))
      this.outputs.add('text/html with a script');
  }

  end(facts: Facts): void {
    if (this.cells.length === 0) return;
    const uses = new TextUses(facts);
    readNotebookCells(
      this.cells.filter((cell): cell is NotebookCell => cell !== undefined),
      uses,
    );
    for (const output of this.outputs) uses.add('notebook-output', output, 'an output');
    if (this.isCut) uses.add('python-long', 'more cells than are read', 'the file');
  }
}

/** `$.cells[i].key`, or `$.worksheets[w].cells[i].key` as of old. */
function cellOf({ levels }: JsonPlace): { index: number; key: string } | undefined {
  const start = levels[0]?.kind === 'object' && levels[0].key === 'worksheets' ? 2 : 0;
  const [outer, list, cell] = [levels[start], levels[start + 1], levels[start + 2]];
  if (outer?.kind !== 'object' || outer.key !== 'cells' || list?.kind !== 'array' || cell?.kind !== 'object')
    return undefined;
  return { index: list.index, key: cell.key };
}
