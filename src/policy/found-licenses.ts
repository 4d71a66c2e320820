// SPDX-License-Identifier: Apache-2.0
import type { ContentLicense, FoundLicense, LicenseEvidence, ScannedFile } from '#src/domain/evidence.ts';
import type { SourceFile } from '#src/domain/manifest.ts';
import type { RepoPath } from '#src/domain/path.ts';

const NAMED = /(?:^|[._-])(?:un)?licen[sc]e(?:[._-]|$)|^(?:copying|notice|eula)(?:[._-]|$)/i;
const OTHER_TYPES =
  /\.(?:bin|c|cc|gguf|gif|h|jpe?g|js|json|onnx|pdf|png|pt|pth|py|safetensors|svg|toml|ts|webp|ya?ml)$/i;
const MAX_BYTES = 2 ** 20;
const MAX_FILES = 16;
/** Of different things said, so that a thousand shards of one model are one. */
const MAX_FOUND = 64;

/** A file whose name says that it holds the license of what lies beside it. */
function isLicenseFile(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return NAMED.test(name) && !OTHER_TYPES.test(name);
}

/** The license files to read before anything large is pulled: those nearest to the root first. */
export function licenseFiles(files: readonly SourceFile[]): SourceFile[] {
  const depth = ({ path }: SourceFile) => path.split('/').length;
  return files
    .filter(({ path, size }) => size <= MAX_BYTES && isLicenseFile(path))
    .sort((a, b) => depth(a) - depth(b))
    .slice(0, MAX_FILES);
}

/** The card's evidence with what the scanned files say, in the order of their paths; what was found before stays. */
export function withFound(license: LicenseEvidence, files: readonly ScannedFile[]): LicenseEvidence {
  const byContent = new Map<string, FoundLicense>();
  let leftOff = 0;
  for (const one of [...(license.found ?? []), ...files.flatMap(foundIn)]) {
    const { path: _, ...content } = one;
    const key = JSON.stringify(content);
    if (byContent.has(key)) continue;
    if (byContent.size < MAX_FOUND) byContent.set(key, one);
    else leftOff += 1;
  }
  if (byContent.size === 0) return license;
  const found = [...byContent.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  // Those of before are among these files again.
  const foundLeftOff = Math.max(leftOff, license.foundLeftOff ?? 0);
  return { ...license, found, ...(foundLeftOff > 0 && { foundLeftOff }) };
}

/** Texts count under the name of a license file: a card, or code, quotes the licenses of others. Metadata always does. */
function foundIn({ path, scan }: ScannedFile): FoundLicense[] {
  const license = scan.attributes?.license;
  if (isLicenseFile(path)) return textOf(path, license);
  const found = license?.found.filter(({ by }) => by === 'key') ?? [];
  return found.length === 0 ? [] : [{ path, found }];
}

function textOf(path: RepoPath, license: ContentLicense | undefined): FoundLicense[] {
  const isNotice = /(?:^|\/)notice/i.test(path);
  // A notice names the authors of parts; that no license is in it is nothing to tell.
  if (isNotice && (license?.found ?? []).length === 0) return [];
  return [{ path, ...(license ?? { found: [] }) }];
}
