// SPDX-License-Identifier: Apache-2.0
import type { SourceFile } from '#src/domain/manifest.ts';

/** The card: where the Hub and its clients read a repo's metadata. The name is exact, as it is for them. */
export const CARD_PATH = 'README.md';

const SMALL_BYTES = 10 * 1024 * 1024;
const CARD_LIKE = /(?:^|\/)(?:readme|licen[cs]e|notice|copying)(?:[._-][^/]*)?$|(?:^|\/)[^/]*config\.json$/i;

/**
 * Small files are pulled first, because the cheap gates read them: everything that upstream keeps in git itself (a
 * hub moves large and binary files to LFS), and what is a card, a licence or a configuration by its name. What is
 * larger than 10 MiB waits for the weights' turn whatever its name.
 */
export function isSmallFile(file: SourceFile): boolean {
  return file.size <= SMALL_BYTES && (file.lfs === undefined || CARD_LIKE.test(file.path));
}
