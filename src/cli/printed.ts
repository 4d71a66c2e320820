// SPDX-License-Identifier: Apache-2.0

/** Names and texts come from foreign repos and archives: no control character of theirs may reach the terminal. */
export function printed(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced
  return text.replace(/[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '?');
}
