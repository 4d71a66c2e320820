// SPDX-License-Identifier: Apache-2.0

export type Level = 'info' | 'review' | 'block';
export type Verdict = 'pass' | 'review' | 'block' | 'unscannable';

/** A rule that matched. `member` is the path inside an archive, nested ones joined by `!/`. */
export interface Finding {
  readonly rule: string;
  readonly level: Level;
  readonly member?: string;
  readonly offset?: number;
  readonly message: string;
  /** Advisories and catalogues that say more: CVE-, GHSA-, CWE-, AML.T (MITRE ATLAS), LLM (OWASP). */
  readonly references?: readonly string[];
}

/**
 * The worst finding. What could not be read to its end is never better than unscannable; it is `block` when something
 * dangerous was seen before, which the rest of the file can not make harmless.
 */
export function verdictOf(findings: readonly Finding[], readToEnd: boolean): Verdict {
  if (findings.some((finding) => finding.level === 'block')) return 'block';
  if (!readToEnd) return 'unscannable';
  return findings.some((finding) => finding.level === 'review') ? 'review' : 'pass';
}

/** Foreign text for one line of a message: quoted, printable ASCII. */
export function shown(text: string): string {
  const short = text.length > 120 ? `${text.slice(0, 117)}...` : text;
  return JSON.stringify(short).replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
