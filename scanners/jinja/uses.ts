// SPDX-License-Identifier: Apache-2.0
import type { UseList } from '../uses.ts';
import { hiddenCharacters } from './hidden.ts';
import { readTemplate } from './template.ts';

/** Longer templates are not read, and a use of their own says so. */
export const TEMPLATE_BYTES = 1024 * 1024;
/** Different things that one template names; more are none that people wrote. */
const KEPT = 2000;

/** What the template at this place of the document names, as uses of the `jinja-...` schemes (template.ts). */
export function addTemplate(uses: Pick<UseList, 'add'>, source: string, at: string): void {
  const known = new Set<string>();
  for (const [shown, line] of hiddenCharacters(source)) uses.add('jinja-hidden', shown, `${at} line ${line}`);
  readTemplate(source, (scheme, name, line) => {
    const key = `${scheme}\0${name}`;
    if (known.has(key)) return;
    known.add(key);
    if (known.size < KEPT) uses.add(scheme, name, `${at} line ${line}`);
    else if (known.size === KEPT) uses.add('jinja-malformed', 'more names than any template has', at);
  });
}

/** Whether a text may be a template at all: without a tag it is plain text, whatever engine renders it. */
export function hasTags(source: string): boolean {
  return source.includes('{{') || source.includes('{%');
}
