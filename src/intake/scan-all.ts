// SPDX-License-Identifier: Apache-2.0
import { AirlockError } from '#src/domain/errors.ts';
import type { Evidence } from '#src/domain/evidence.ts';
import type { VerifiedFile } from '#src/domain/manifest.ts';
import type { RunDeps } from './job.ts';
import type { QuarantinedFolder } from './quarantine.ts';

/** Files that lie in quarantine, with what the scan says of each. */
export async function scanAll(
  deps: RunDeps,
  files: readonly VerifiedFile[],
  folder: QuarantinedFolder,
  signal: AbortSignal,
): Promise<Pick<Evidence, 'files' | 'code' | 'rulesVersion'>> {
  const targets = files.map((file) => ({
    path: file.path,
    sha256: file.sha256,
    size: file.size,
    file: folder.file(file),
  }));
  const { files: scans, code, rulesVersion } = await deps.scanner.scan(targets, { signal });
  const scanned = files.map((file) => {
    const scan = scans.get(file.path);
    if (!scan)
      throw new AirlockError('scan-failed', `The scanner gave no verdict for ${file.path}.`, { path: file.path });
    return { ...file, scan };
  });
  return { files: scanned, ...(code && { code }), rulesVersion };
}
