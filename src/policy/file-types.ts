// SPDX-License-Identifier: Apache-2.0
import type { Reason } from '#src/domain/decision.ts';
import type { ScannedFile } from '#src/domain/evidence.ts';
import { anyGlob } from '#src/domain/glob.ts';
import type { SourceFile } from '#src/domain/manifest.ts';
import { printable } from '#src/domain/repo.ts';
import { oneLine, reasonOf } from './reason.ts';
import type { FileRules } from './rules.ts';

const FORMAT = 'format:';

/**
 * Types by name, before a byte is pulled. An entry of `allow` or `deny` is a pattern of names, or `format:` and what the
 * scanner recognises: where such an entry may still allow a file, its name alone decides nothing.
 */
export function judgeFileNames(files: readonly SourceFile[], { allow, deny, ...effects }: FileRules): Reason[] {
  const denied = anyGlob(deny);
  const allowed = anyGlob(allow);
  const decides = allow.length > 0 && !allow.some((entry) => entry.startsWith(FORMAT));
  return files.flatMap(({ path }) => {
    if (denied(path))
      return [reasonOf('file-denied', effects.denied, `${printable(path)} has a name that is denied`, path)];
    if (!decides || allowed(path)) return [];
    return [reasonOf('file-not-allowed', effects.notAllowed, `${printable(path)} has no name that is allowed`, path)];
  });
}

/** Types by content, once it was scanned. What its name denies has been said. */
export function judgeFormats(files: readonly ScannedFile[], { allow, deny, ...effects }: FileRules): Reason[] {
  const formats = (entries: readonly string[]) =>
    new Set(entries.flatMap((entry) => (entry.startsWith(FORMAT) ? entry.slice(FORMAT.length) : [])));
  const [denied, allowed] = [formats(deny), formats(allow)];
  const [deniedName, allowedName] = [anyGlob(deny), anyGlob(allow)];
  return files.flatMap(({ path, scan }) => {
    const what = `${printable(path)} is a ${oneLine(scan.format, 40)} file`;
    if (deniedName(path)) return [];
    if (denied.has(scan.format)) return [reasonOf('file-denied', effects.denied, `${what}, which is denied`, path)];
    if (allowed.size === 0 || allowed.has(scan.format) || allowedName(path)) return [];
    return [reasonOf('file-not-allowed', effects.notAllowed, `${what}, which is not allowed`, path)];
  });
}

/** What a commit may weigh by policy, below what the mirror can take at all (`intake`). All limits are inclusive. */
export function judgeAmounts(files: readonly SourceFile[], rules: FileRules): Reason[] {
  const { maxFiles, maxFileBytes, maxTotalBytes, tooLarge } = rules;
  const reasons: Reason[] = [];
  const said = (value: number) => value.toLocaleString('en-US');
  const total = files.reduce((sum, { size }) => sum + size, 0);
  if (maxFiles !== null && files.length > maxFiles)
    reasons.push(reasonOf('files-too-many', tooLarge, `${said(files.length)} files are more than ${said(maxFiles)}`));
  // Written as "not within", so that a size that is no number counts as well.
  if (maxTotalBytes !== null && !(total <= maxTotalBytes))
    reasons.push(reasonOf('files-too-large', tooLarge, `${said(total)} bytes are more than ${said(maxTotalBytes)}`));
  for (const { path, size } of maxFileBytes === null ? [] : files)
    if (!(size <= (maxFileBytes ?? 0)))
      reasons.push(
        reasonOf(
          'file-size',
          tooLarge,
          `${printable(path)} has ${said(size)} bytes, more than ${said(maxFileBytes ?? 0)}`,
          path,
        ),
      );
  return reasons;
}
