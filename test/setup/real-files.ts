// SPDX-License-Identifier: Apache-2.0
import { join, resolve } from 'node:path';
import { keyOf, must, prepareFolder } from './prepare.ts';
import { type Python, prepareVenv } from './python.ts';

/** Sets of library versions, as requirements-libraries-<name>.txt pins them. */
const LIBRARY_SETS = ['oldest', 'old', 'new'] as const;

const SCRIPT = resolve(import.meta.dirname, '../real/make_files.py');

/** Files as the libraries themselves write them, made once for each set and script. The path of each set's folder. */
export async function prepareRealFiles(python: Python): Promise<string[]> {
  const script = await keyOf([SCRIPT]);
  const folders: string[] = [];
  // One after another: each takes what memory and cores a small machine has.
  for (const name of LIBRARY_SETS) {
    const bin = await prepareVenv(`libraries-${name}`, python, { check: false });
    const environment = bin.split('/').at(-2) ?? name;
    folders.push(
      await prepareFolder(`files-${environment}-${script}`, async (path) => {
        await must(join(bin, 'python'), ['-W', 'ignore', SCRIPT, path]);
      }),
    );
  }
  return folders;
}
