// SPDX-License-Identifier: Apache-2.0

import { within } from '../budgets.ts';

const CORE = 'tag:yaml.org,2002:';

/** `%TAG !handle! prefix` (YAML 1.2.2, 6.8.2). Others change nothing that matters here. */
export function readDirective(line: string, handles: Map<string, string>): void {
  const match = /^%TAG\s+(!(?:[\w-]*!)?)\s+(\S+)/.exec(line);
  if (match?.[1] !== undefined && match[2] !== undefined) handles.set(match[1], match[2]);
  within('facts', handles.size);
}

/** A tag in full (6.9.1): handles replaced, percent escapes resolved, the core prefix as `!!`. */
export function expandTag(written: string, handles: ReadonlyMap<string, string>): string {
  const verbatim = /^!<(.*)>?$/.exec(written)?.[1]?.replace(/>$/, '');
  if (verbatim !== undefined) return shortened(unescaped(verbatim));
  const [, handle = '!', suffix = ''] = /^(!(?:[\w-]*!)?)(.*)$/s.exec(written) ?? [];
  if (written === '!') return '!';
  const prefix = handles.get(handle) ?? (handle === '!!' ? CORE : handle);
  return shortened(unescaped(prefix + suffix));
}

function shortened(tag: string): string {
  return tag.startsWith(CORE) ? `!!${tag.slice(CORE.length)}` : tag;
}

function unescaped(tag: string): string {
  return tag.replace(/%([\da-fA-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
