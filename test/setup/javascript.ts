// SPDX-License-Identifier: Apache-2.0
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keyOf, must, prepareFolder } from './prepare.ts';

const SOURCE = join(import.meta.dirname, 'javascript');
const FILES = ['package.json', 'package-lock.json'];

/** A folder whose node_modules hold what `javascript/package.json` names. */
export async function prepareJavaScript(): Promise<string> {
  const key = await keyOf(FILES.map((name) => join(SOURCE, name)));
  return prepareFolder(`javascript-${key}`, async (folder) => {
    for (const name of FILES) await copyFile(join(SOURCE, name), join(folder, name));
    // No scripts: they would download engines from elsewhere.
    await must('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder });
  });
}
