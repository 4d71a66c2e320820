// SPDX-License-Identifier: Apache-2.0
import type { Rules } from '../rules.ts';
import type { LocalFinding } from './pickle.ts';

/** The last component of a path, in lower case, and its extension. */
export interface Name {
  readonly base: string;
  readonly extension: string;
}

export function nameOf(path: string): Name {
  const base = (path.split('/').at(-1) ?? '').toLowerCase();
  const dot = base.lastIndexOf('.');
  return { base, extension: dot >= 0 ? base.slice(dot + 1) : '' };
}

/** What name and content say together: content that the extension does not promise, or that nobody reads. */
export type NameJudge = (name: Name, format: string) => LocalFinding[];

export function nameJudge(rules: Rules): NameJudge {
  const expected = expectedFormats(rules);
  return (name, format) => [...judgeExpected(name, format, expected, rules), ...judgeFormat(name, format, rules)];
}

/** The formats that each extension promises, from what the formats say of themselves. */
function expectedFormats(rules: Rules): ReadonlyMap<string, ReadonlySet<string>> {
  const expected = new Map<string, Set<string>>();
  for (const [format, { extensions }] of Object.entries(rules.formats))
    for (const extension of extensions.filter((one) => !rules.generic.includes(one))) {
      const formats = expected.get(extension);
      if (formats) formats.add(format);
      else expected.set(extension, new Set([format]));
    }
  return expected;
}

function judgeExpected(
  { extension }: Name,
  format: string,
  expected: ReadonlyMap<string, ReadonlySet<string>>,
  rules: Rules,
): LocalFinding[] {
  const noWeights = rules.neverWeights.includes(format) && rules.binary.includes(extension);
  const fits = format === 'empty' || (expected.get(extension)?.has(format) ?? true);
  if (fits && !noWeights) return [];
  const message = `is called .${extension} and its content is ${describe(format)}`;
  return [{ rule: 'extension-mismatch', level: rules.levels.mismatch, message }];
}

function judgeFormat({ extension }: Name, format: string, rules: Rules): LocalFinding[] {
  const { formats, levels, loaders } = rules;
  const as = Object.hasOwn(formats, format) ? formats[format]?.as : undefined;
  if (as === 'data') return [];
  if (as === 'program') return [{ rule: 'executable', level: levels.program, message: `is a program (${format})` }];
  if (as === 'opaque') {
    const opened = loaders.includes(extension);
    const message = `is an archive (${format}) that can not be looked into${opened ? ', under a name that loaders open' : ''}`;
    return [{ rule: 'opaque-archive', level: opened ? levels.opaqueUnderLoaderName : levels.opaque, message }];
  }
  if (format === 'unknown')
    return [{ rule: 'unrecognised-content', level: levels.unread, message: 'its content is not recognised as data' }];
  return [{ rule: 'no-extractor', level: levels.unread, message: `its format (${format}) is not read yet` }];
}

function describe(format: string): string {
  return format === 'unknown' ? 'not recognised' : format;
}
