// SPDX-License-Identifier: Apache-2.0

/** Rule ids that the judges themselves give, beside those that the rule data names. */
export const CODED_RULES: readonly string[] = [
  'budget',
  'custom-code',
  'data-file',
  'data-file-missing',
  'data-file-short',
  'data-file-rest',
  'executable',
  'extension-mismatch',
  'malware-signature',
  'malware-unscanned',
  'more-findings',
  'no-extractor',
  'opaque-archive',
  'pickle-computed-call',
  'pickle-constructor',
  'pickle-denied-import',
  'pickle-dotted-name',
  'pickle-extension',
  'pickle-persistent-id',
  'pickle-stdlib-import',
  'pickle-unknown-call',
  'pickle-unknown-import',
  'unrecognised-content',
];
