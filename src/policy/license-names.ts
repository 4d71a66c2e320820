// SPDX-License-Identifier: Apache-2.0

/**
 * The Hub's own licence names (hub-docs `docs/hub/repositories-licenses.md`) that stand for one SPDX id. Names that
 * stand for a family (`bsd`, `cc`, `gpl`), for terms without an SPDX id (`gemma`, `llama2`, `openrail`) or for
 * nothing (`other`) are not here: an allowlist names them as they are, or does not allow them.
 * SPDX deprecated `GPL-3.0` for being unclear about later versions; what promises none has none.
 */
const HUB_TO_SPDX: readonly (readonly [hub: string, spdx: string])[] = [
  ['agpl-3.0', 'AGPL-3.0-only'],
  ['c-uda', 'C-UDA-1.0'],
  ['gpl-2.0', 'GPL-2.0-only'],
  ['gpl-3.0', 'GPL-3.0-only'],
  ['lgpl-2.1', 'LGPL-2.1-only'],
  ['lgpl-3.0', 'LGPL-3.0-only'],
  ['lgpl-lr', 'LGPLLR'],
  ['odc-by', 'ODC-By-1.0'],
  ['odbl', 'ODbL-1.0'],
  ['pddl', 'PDDL-1.0'],
];

/** SPDX ids in their own spelling: the Hub writes these in lower case. */
const SPDX_IDS: readonly string[] = [
  ...['0BSD', 'AFL-3.0', 'AGPL-3.0-only', 'AGPL-3.0-or-later', 'Apache-1.1', 'Apache-2.0', 'Artistic-2.0'],
  ...['BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-2-Clause-Patent', 'BSD-3-Clause', 'BSD-3-Clause-Clear', 'BSD-4-Clause'],
  ...['BSL-1.0', 'C-UDA-1.0', 'CC0-1.0', 'CC-BY-2.0', 'CC-BY-2.5', 'CC-BY-3.0', 'CC-BY-4.0', 'CC-BY-SA-3.0'],
  ...['CC-BY-SA-4.0', 'CC-BY-NC-2.0', 'CC-BY-NC-3.0', 'CC-BY-NC-4.0', 'CC-BY-ND-4.0', 'CC-BY-NC-ND-3.0'],
  ...['CC-BY-NC-ND-4.0', 'CC-BY-NC-SA-2.0', 'CC-BY-NC-SA-3.0', 'CC-BY-NC-SA-4.0', 'CDLA-Permissive-1.0'],
  ...['CDLA-Permissive-2.0', 'CDLA-Sharing-1.0', 'ECL-2.0', 'EPL-1.0', 'EPL-2.0', 'etalab-2.0', 'EUPL-1.1', 'EUPL-1.2'],
  ...['GPL-2.0-only', 'GPL-2.0-or-later', 'GPL-3.0-only', 'GPL-3.0-or-later', 'ISC', 'LGPL-2.1-only'],
  ...['LGPL-2.1-or-later', 'LGPL-3.0-only', 'LGPL-3.0-or-later', 'LGPLLR', 'LPPL-1.3c', 'MIT', 'MIT-0', 'MPL-2.0'],
  ...['MS-PL', 'NCSA', 'ODbL-1.0', 'ODC-By-1.0', 'OFL-1.1', 'OpenMDW-1.0', 'OSL-3.0', 'PDDL-1.0', 'PostgreSQL'],
  ...['Python-2.0', 'Unlicense', 'UPL-1.0', 'WTFPL', 'X11', 'Zlib'],
];

/**
 * Names for terms without an SPDX id: the Hub's own, and what publishers call theirs (`license_name`). Where a file says
 * one of them, it names a license.
 */
const OTHER_NAMES: ReadonlySet<string> = new Set([
  ...['apple-amlr', 'apple-ascl', 'bigcode-openrail-m', 'bigscience-bloom-rail-1.0', 'bigscience-openrail-m', 'bsd'],
  ...['cc', 'commons-clause', 'creativeml-openrail-m', 'deepfloyd-if-license', 'deepseek', 'exaone'],
  ...['fair-noncommercial-research-license', 'falcon-llm-license', 'flux-1-dev-non-commercial-license', 'gemma'],
  ...['gfdl', 'gpl', 'grok2-community', 'h-research', 'hai-def', 'intel-research', 'jamba-open-model-license'],
  ...['lfm1.0', 'lgpl', 'llama2', 'llama3', 'llama3.1', 'llama3.2', 'llama3.3', 'llama4', 'mnpl', 'modified-mit'],
  ...['mrl', 'nvidia-open-model-license', 'open-mdw', 'openrail', 'openrail++', 'qwen', 'qwen-research'],
  ...['stabilityai-ai-community', 'tencent-hunyuan-community', 'tongyi-qianwen', 'yi-license'],
]);

export function isHubName(name: string): boolean {
  return OTHER_NAMES.has(name.toLowerCase());
}

const CANONICAL: ReadonlyMap<string, string> = new Map([
  ...SPDX_IDS.map((id) => [id.toLowerCase(), id] as const),
  ...HUB_TO_SPDX,
]);

/** The SPDX id for a name of the Hub's or an id in any spelling; what is neither stays as it is. */
export function canonicalId(name: string): string {
  return CANONICAL.get(name.toLowerCase()) ?? name;
}
