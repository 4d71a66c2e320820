// SPDX-License-Identifier: Apache-2.0

/** Invisible: a mention with it behind its sign calls nobody. */
const BREAK = '\u200b';

/**
 * A line for a chat tool, in which what strangers wrote neither calls a channel nor hides a link: Slack's three escapes,
 * the words that call everybody, and Markdown's link with a text of its own.
 */
export function chatText(text: string): string {
  return text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/@(?=(?:channel|here|everyone|all)\b)/gi, `@${BREAK}`)
    .replace(/\](?=[([])/g, `]${BREAK}`);
}
