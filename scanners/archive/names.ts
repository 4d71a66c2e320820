// SPDX-License-Identifier: Apache-2.0

/** A member's name that an unpacking program would write outside its folder. Backslashes count, for Windows. */
export function namesOutside(name: string): boolean {
  const parts = name.split(/[/\\]/);
  return name.startsWith('/') || name.startsWith('\\') || /^[A-Za-z]:/.test(name) || parts.includes('..');
}

/** A link by where it leads, seen from the folder that it lies in. */
export function linkProblem(name: string, target: string, kind: string): { code: string; detail: string } {
  const code = leadsOutside(name, target) ? 'archive-link-outside' : 'archive-link';
  return {
    code,
    detail: `${JSON.stringify(name.slice(0, 120))} is ${kind} to ${JSON.stringify(target.slice(0, 120))}`,
  };
}

function leadsOutside(name: string, target: string): boolean {
  if (/^[/\\]/.test(target) || /^[A-Za-z]:/.test(target) || target.includes('\0')) return true;
  let depth = name.split(/[/\\]/).filter((part) => part !== '' && part !== '.').length - 1;
  for (const part of target.split(/[/\\]/)) {
    if (part === '' || part === '.') continue;
    depth += part === '..' ? -1 : 1;
    if (depth < 0) return true;
  }
  return false;
}
