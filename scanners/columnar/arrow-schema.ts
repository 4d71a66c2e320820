// SPDX-License-Identifier: Apache-2.0
import type { Table } from '../flatbuffers/table.ts';
import type { UseList } from '../uses.ts';

const FIELD_DEPTH = 64;

/** Extension types of a schema's fields: a reader looks up the class of that name, or builds the type itself. */
export function readExtensions(schema: Table, uses: UseList, at: string): void {
  const open: [table: Table, list: string, depth: number][] = [[schema, 'fields', 0]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [table, list, depth] = next;
    for (const field of table.tables(list)) {
      for (const pair of field.tables('custom_metadata'))
        if (pair.text('key') === 'ARROW:extension:name')
          uses.add(
            'arrow-extension',
            pair.text('value'),
            `${at}, field ${JSON.stringify(field.text('name'))}`,
            field.at,
          );
      if (depth < FIELD_DEPTH) open.push([field, 'children', depth + 1]);
    }
  }
}
