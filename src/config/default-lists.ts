// SPDX-License-Identifier: Apache-2.0

/** Permissive licences and dedications for code, weights and data; no copyleft, no use restrictions. */
export const LICENSES: readonly string[] = [
  ...['Apache-2.0', 'MIT', 'MIT-0', 'BSD-2-Clause', 'BSD-2-Clause-Patent', 'BSD-3-Clause', 'BSD-3-Clause-Clear'],
  ...['bsd', '0BSD', 'ISC', 'Zlib', 'BSL-1.0', 'Unlicense', 'WTFPL', 'CC0-1.0', 'PDDL-1.0', 'CC-BY-2.0', 'CC-BY-2.5'],
  ...['CC-BY-3.0', 'CC-BY-4.0', 'ODC-By-1.0', 'CDLA-Permissive-1.0', 'CDLA-Permissive-2.0', 'etalab-2.0', 'AFL-3.0'],
  ...['ECL-2.0', 'NCSA', 'PostgreSQL', 'Python-2.0', 'UPL-1.0', 'BlueOak-1.0.0', 'OpenMDW-1.0', 'X11'],
];

/** Names that programs read as data. A pattern's `*` matches `/` as well, so these hold in every folder. */
export const INERT_NAMES: readonly string[] = [
  ...['*.json', '*.jsonl', '*.ndjson', '*.md', '*.txt', '*.csv', '*.tsv', '*.bib', '*.jinja'],
  ...['LICENSE', '*/LICENSE', 'LICENCE', '*/LICENCE', 'NOTICE', '*/NOTICE', 'COPYING', '*/COPYING'],
  ...['.gitattributes', '*/.gitattributes', '.gitignore', '*/.gitignore'],
  ...['tokenizer.model', '*/tokenizer.model', '*spiece.model', '*sentencepiece.model', '*sentencepiece.bpe.model'],
  ...['*.spm', '*.tiktoken', '*.png', '*.jpg', '*.jpeg', '*.gif', '*.webp'],
];
