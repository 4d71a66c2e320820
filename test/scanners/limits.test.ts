// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { judged } from './judged.ts';

// What a reader keeps has an end. Hiding something behind that end must not make it pass.
const MANY = 20_500;
const lines = (count: number, line: (i: number) => string) => Array.from({ length: count }, (_, i) => line(i)).join('');
const pmml = (body: string) =>
  `<?xml version="1.0"?><PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4">${body}</PMML>`;

test.each([
  ['a target behind many pairs', 'conf.yaml', `${lines(310_000, (i) => `a${i}: 1\n`)}b:\n  _target_: os.system\n`],
  [
    'a tag behind many tags',
    'conf.yaml',
    `${lines(MANY, (i) => `a${i}: !t${i} 1\n`)}b: !!python/object/apply:os.system [ls]\n`,
  ],
  [
    'a component behind many components',
    'model_index.json',
    `{"_class_name": "X", ${lines(MANY, (i) => `"c${i}": ["diffusers", "UNet"], `)}"z": ["os", "system"]}`,
  ],
  [
    'a function behind many functions',
    'model.pmml',
    pmml(`${lines(MANY, (i) => `<Apply function="f${i}"/>`)}<Apply function="java.lang.Runtime.exec"/>`),
  ],
])('%s does not pass', async (_what, path, content) => {
  expect((await judged(content, path)).verdict).not.toBe('pass');
});
