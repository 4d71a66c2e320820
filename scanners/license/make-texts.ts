// SPDX-License-Identifier: Apache-2.0
// Writes texts.json: `node scanners/license/make-texts.ts`, after a new version of spdx-license-list. The scanner's
// process may read no package, and needs of each text only whether another one holds it.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runsOf, wordsOf } from './words.ts';

/** What the Hub names, what the default policy allows, and what else is met beside models. */
const IDS: readonly string[] = [
  ...['0BSD', 'AFL-3.0', 'AGPL-3.0-only', 'Apache-1.1', 'Apache-2.0', 'Artistic-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause'],
  ...['BSD-2-Clause-Patent', 'BSD-3-Clause', 'BSD-3-Clause-Clear', 'BSD-4-Clause', 'BSL-1.0', 'BUSL-1.1', 'C-UDA-1.0'],
  ...['CC0-1.0', 'CC-BY-2.0', 'CC-BY-2.5', 'CC-BY-3.0', 'CC-BY-4.0', 'CC-BY-NC-2.0', 'CC-BY-NC-3.0', 'CC-BY-NC-4.0'],
  ...['CC-BY-NC-ND-3.0', 'CC-BY-NC-ND-4.0', 'CC-BY-NC-SA-2.0', 'CC-BY-NC-SA-3.0', 'CC-BY-NC-SA-4.0', 'CC-BY-ND-4.0'],
  ...['CC-BY-SA-3.0', 'CC-BY-SA-4.0', 'CDLA-Permissive-1.0', 'CDLA-Permissive-2.0', 'CDLA-Sharing-1.0', 'ECL-2.0'],
  ...['EPL-1.0', 'EPL-2.0', 'etalab-2.0', 'EUPL-1.1', 'EUPL-1.2', 'GPL-2.0-only', 'GPL-3.0-only', 'ISC'],
  ...['LGPL-2.1-only', 'LGPL-3.0-only', 'LGPLLR', 'LPPL-1.3c', 'MIT', 'MIT-0', 'MPL-2.0', 'MS-PL', 'NCSA', 'ODbL-1.0'],
  ...[
    'ODC-By-1.0',
    'OFL-1.1',
    'OpenMDW-1.0',
    'OSL-3.0',
    'PDDL-1.0',
    'PolyForm-Noncommercial-1.0.0',
    'PostgreSQL',
    'Python-2.0',
  ],
  ...['SSPL-1.0', 'Unlicense', 'UPL-1.0', 'WTFPL', 'X11', 'Zlib'],
];

const PACKAGE = new URL('../../node_modules/spdx-license-list/', import.meta.url);

/** The content of texts.json, from the installed package. @throws Error where the package lacks one of the ids */
export function makeTexts(): string {
  const all = JSON.parse(readFileSync(new URL('spdx-full.json', PACKAGE), 'utf8')) as Record<
    string,
    { readonly licenseText: string } | undefined
  >;
  const version = /SPDX License List version [^*\n]+/.exec(readFileSync(new URL('readme.md', PACKAGE), 'utf8'))?.[0];
  const texts = IDS.map((id) => {
    const text = all[id]?.licenseText;
    if (text === undefined) throw new Error(`spdx-license-list has no text of ${id}`);
    return [id, Buffer.from(runsOf(wordsOf(text)).buffer).toString('base64')] as const;
  });
  const source = `${version}, by the package spdx-license-list (CC0-1.0); of the texts, numbers of runs of words alone`;
  return `${JSON.stringify({ source, texts: Object.fromEntries(texts) }, null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(new URL('texts.json', import.meta.url), makeTexts());
