// SPDX-License-Identifier: Apache-2.0

/**
 * Patterns as in Python's `fnmatch`, because `hf download --include` uses them and people will type the same here:
 * `*` matches anything including `/`, `?` one character, `[abc]` and `[!abc]` one of a set. Case matters. A pattern
 * that ends in `/` means everything below that folder, as in huggingface_hub `utils/_paths.py`.
 */
export function globMatcher(pattern: string): (text: string) => boolean {
  const regex = new RegExp(`^${globSource(pattern.endsWith('/') ? `${pattern}*` : pattern)}$`, 's');
  return (text) => regex.test(text);
}

function globSource(pattern: string): string {
  let source = '';
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern.charAt(i);
    if (c === '*') {
      // Runs of stars collapse: two in a row would make matching quadratic.
      if (pattern.charAt(i - 1) !== '*') source += '.*';
    } else if (c === '?') source += '.';
    else if (c === '[') {
      const end = pattern.indexOf(']', i + (pattern.charAt(i + 1) === '!' ? 3 : 2));
      if (end < 0) source += '\\[';
      else {
        source += characterSet(pattern.slice(i + 1, end));
        i = end;
      }
    } else source += c.replace(/[.+^${}()|\\\]/]/, '\\$&');
  }
  return source;
}

function characterSet(body: string): string {
  const negated = body.startsWith('!');
  const escaped = (negated ? body.slice(1) : body).replace(/[\\\]^[]/g, '\\$&');
  return `[${negated ? '^' : ''}${escaped}]`;
}
