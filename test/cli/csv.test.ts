// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { csvLine } from '#src/cli/csv.ts';

it.each([
  [['plain', 7, null, undefined], '"plain","7","",""\r\n'],
  [['say "hi", twice\nplease'], '"say ""hi"", twice\nplease"\r\n'],
  [['=1+1', '+1', '-1', '@SUM(A1)'], '"\'=1+1","\'+1","\'-1","\'@SUM(A1)"\r\n'],
  [['\t=1', ' =1', '\uff1d1', '\r'], '"\'\t=1","\' =1","\'\uff1d1","\'\r"\r\n'],
  [['a=1', 'org/-name'], '"a=1","org/-name"\r\n'],
])('%j is one line of CSV, in which nothing is a formula', (cells, line) => {
  expect(csvLine(cells)).toBe(line);
});
