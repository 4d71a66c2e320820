// SPDX-License-Identifier: Apache-2.0

const WEIGHTS = /^model\.weights(?:_\d+)?\.(?:h5|npz|json)$/;

/** keras/src/saving/saving_lib.py: a configuration, and weights or metadata beside it. */
export function isKerasArchive(names: readonly string[]): boolean {
  return names.includes('config.json') && (names.includes('metadata.json') || names.some((name) => WEIGHTS.test(name)));
}

/** What Keras writes into the archive: nothing else is read from it. */
export function isKerasMember(name: string): boolean {
  return name === 'config.json' || name === 'metadata.json' || name.startsWith('assets/') || WEIGHTS.test(name);
}
