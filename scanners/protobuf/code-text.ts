// SPDX-License-Identifier: Apache-2.0

const CODE = [
  /(?:^|\n)[ \t\r\f]*(?:import\s+[A-Za-z_][\w.]*\s*(?:$|[\n;,#]|as\s)|from\s+[\w.]+\s+import\s)/,
  /(?:^|\n)[ \t\r\f]*(?:def\s+\w+\s*\(.{0,1000}\)\s*(?:->.{0,200})?:|class\s+\w+.*:\s*(?:\n|$))/,
  /(?:^|[^\w.])(?:exec|eval|compile|__import__|getattr|execfile)\s*\(/,
  /(?:^|\W)(?:os\.(?:system|popen|exec\w*|spawn\w*)|subprocess\.\w+|importlib\.\w+|builtins\.\w+|ctypes\.\w+)\s*\(/,
  /^#!\s*\//,
  /<script[\s>]|javascript:/i,
];

/** Whether a text in a model is source code by its grammar: nothing that names a tensor, a class or a mode is. */
export function looksLikeCode(text: string): boolean {
  if (text.length < 6) return false;
  const start = text.slice(0, 65_536);
  return CODE.some((pattern) => pattern.test(start));
}
