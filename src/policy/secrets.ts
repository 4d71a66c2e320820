// SPDX-License-Identifier: Apache-2.0
import type { Reason } from '#src/domain/decision.ts';
import type { ScannedFile } from '#src/domain/evidence.ts';
import { printable } from '#src/domain/repo.ts';
import { withoutRule } from './custom-code.ts';
import { oneLine, reasonOf } from './reason.ts';
import type { FileRules } from './rules.ts';

/** What the scanner says of a password, token or key that lies open in a file. */
const SCANNER_RULE = 'credential';

/**
 * Secrets as a question of their own, where policy has an answer to it. `review` leaves them what they are to the scanner:
 * something that a person looks at, or that is withheld.
 */
export function judgeSecrets(files: readonly ScannedFile[], { secrets }: FileRules): Reason[] {
  if (secrets === 'review') return [];
  const effect = secrets === 'allow' ? 'note' : secrets;
  return files.flatMap(({ path, scan }) => {
    const found = scan.findings.filter(({ rule, level }) => rule === SCANNER_RULE && level === 'review');
    const [first] = found;
    if (first === undefined) return [];
    const more = found.length > 1 ? ` and ${found.length - 1} more` : '';
    const message = `${printable(path)} holds what looks like a secret: ${oneLine(first.message)}${more}`;
    return [reasonOf('secret-found', effect, message, path, [SCANNER_RULE])];
  });
}

/** The file without what that question already asks. */
export function withoutSecrets(file: ScannedFile, { secrets }: FileRules): ScannedFile {
  return secrets === 'review' ? file : { ...file, scan: withoutRule(file.scan, SCANNER_RULE) };
}
