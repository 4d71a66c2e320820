// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const FILE = resolve(import.meta.dirname, '../../node_modules/spdx-license-list/spdx-full.json');
const LICENSES = JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, { readonly licenseText: string } | undefined>;

/** The text of a license of SPDX, by its id. */
export function licenseText(id: string): string {
  const text = LICENSES[id]?.licenseText;
  if (text === undefined) throw new Error(`SPDX has no ${id}`);
  return text;
}
