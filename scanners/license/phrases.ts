// SPDX-License-Identifier: Apache-2.0

/**
 * Licenses that SPDX has no text of, by words that no other license says; in lower case and without punctuation. The
 * name is the Hub's (`license`, or where it has none, the `license_name` that its publisher uses).
 */
const TITLES: readonly (readonly [name: string, ...phrases: string[]])[] = [
  ['llama2', 'llama 2 community license'],
  ['llama3', 'llama 3 community license'],
  ['llama3.1', 'llama 3 1 community license'],
  ['llama3.2', 'llama 3 2 community license'],
  ['llama3.3', 'llama 3 3 community license'],
  ['llama4', 'llama 4 community license'],
  ['gemma', 'gemma terms of use'],
  ['hai-def', 'health ai developer foundations terms of use'],
  ['bigscience-bloom-rail-1.0', 'bigscience rail license', 'bigscience bloom rail 1 0'],
  ['bigscience-openrail-m', 'bigscience open rail m', 'bigscience openrail m'],
  ['bigcode-openrail-m', 'bigcode open rail m', 'bigcode openrail m'],
  ['creativeml-openrail-m', 'creativeml open rail m', 'creativeml openrail m'],
  ['openrail++', 'open railpp m', 'openrailpp'],
  ['deepfloyd-if-license', 'deepfloyd if license'],
  ['tongyi-qianwen', 'tongyi qianwen license agreement', 'tongyi qianwen research license agreement'],
  ['qwen', 'qwen license agreement'],
  ['qwen-research', 'qwen research license agreement'],
  ['deepseek', 'deepseek license agreement'],
  ['falcon-llm-license', 'falcon llm license', 'tii falcon license', 'falcon 180b tii license'],
  [
    'stabilityai-ai-community',
    'stability ai community license',
    'stability ai non commercial research community license',
  ],
  ['flux-1-dev-non-commercial-license', 'flux 1 dev non commercial license'],
  ['mrl', 'mistral ai research license'],
  ['mnpl', 'mistral ai non production license', 'mistral non production license'],
  ['apple-ascl', 'apple sample code license'],
  ['apple-amlr', 'apple machine learning research model license'],
  ['fair-noncommercial-research-license', 'fair noncommercial research license'],
  ['nvidia-open-model-license', 'nvidia open model license'],
  ['tencent-hunyuan-community', 'tencent hunyuan community license'],
  ['grok2-community', 'grok 2 community license'],
  ['yi-license', 'yi series models license agreement', 'yi series models community license agreement'],
  ['jamba-open-model-license', 'jamba open model license'],
  ['lfm1.0', 'lfm open license'],
  ['exaone', 'exaone ai model license agreement'],
  ['modified-mit', 'modified mit license'],
  ['commons-clause', 'commons clause license condition'],
];

/** What files say that name a license of SPDX and do not hold its text; counts where no text was recognised. */
const NAMES: readonly (readonly [name: string, ...phrases: string[]])[] = [
  [
    'Apache-2.0',
    'apache license version 2 0',
    'apache license 2 0',
    'apache 2 0 license',
    'apache software license 2 0',
  ],
  ['MIT', 'mit license'],
  ['BSD-3-Clause', 'bsd 3 clause license', 'bsd 3 clause'],
  ['BSD-2-Clause', 'bsd 2 clause license', 'bsd 2 clause'],
  ['MPL-2.0', 'mozilla public license version 2 0', 'mozilla public license 2 0'],
  ['AGPL-3.0-only', 'gnu affero general public license version 3', 'gnu affero general public license v3'],
  ['LGPL-3.0-only', 'gnu lesser general public license version 3', 'gnu lesser general public license v3'],
  ['GPL-3.0-only', 'gnu general public license version 3', 'gnu general public license v3'],
  ['GPL-2.0-only', 'gnu general public license version 2', 'gnu general public license v2'],
];

/** `open rail m` stands in the names of the whole family. */
const OPENRAIL = ['open rail m', 'openrail m', 'openrail'];

/** The license's own name in its text, or in a sentence about it. */
export function titlesIn(words: readonly string[]): string[] {
  const text = ` ${words.join(' ')} `;
  const found = named(TITLES, text);
  const isFamily = OPENRAIL.some((phrase) => text.includes(` ${phrase} `));
  return isFamily && !found.some((name) => /rail/.test(name)) ? [...found, 'openrail'] : found;
}

export function namesIn(words: readonly string[]): string[] {
  const text = ` ${words.join(' ')} `;
  return [...named(NAMES, text), ...creativeCommons(text)];
}

function named(list: readonly (readonly [string, ...string[]])[], text: string): string[] {
  return list.filter(([, ...phrases]) => phrases.some((phrase) => text.includes(` ${phrase} `))).map(([name]) => name);
}

const CC = /\b(?:cc by|attribution)( nc| non ?commercial)?( sa| share ?alike| nd| no ?deriv(?:ative)?s)? (\d) (\d)\b/g;

/** `CC BY-NC-SA 4.0`, or `Attribution-NonCommercial-ShareAlike 4.0 International`. */
function creativeCommons(text: string): string[] {
  const found = [...text.matchAll(CC)].map(([, commercial, kind = '', major, minor]) => {
    const last = / s/.test(kind) ? '-SA' : / n/.test(kind) ? '-ND' : '';
    return `CC-BY${commercial ? '-NC' : ''}${last}-${major}.${minor}`;
  });
  return [...new Set(found)];
}
