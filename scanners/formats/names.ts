// SPDX-License-Identifier: Apache-2.0

/** A member's name that an unpacking program would write outside its folder. Backslashes count, for Windows. */
export function namesOutside(name: string): boolean {
  const parts = name.split(/[/\\]/);
  return name.startsWith('/') || name.startsWith('\\') || /^[A-Za-z]:/.test(name) || parts.includes('..');
}
