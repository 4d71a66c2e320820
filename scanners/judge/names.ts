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

/** What name and content say together: code by its extension, content that the extension does not promise. */
export function judgeName(name: Name, format: string, rules: Rules): LocalFinding[] {
  return [
    ...judgeCode(name, format, rules),
    ...judgeExpected(name, format, rules),
    ...judgeFormat(name, format, rules),
  ];
}

function judgeCode({ base, extension }: Name, format: string, rules: Rules): LocalFinding[] {
  const isCode = rules.code.extensions.includes(extension) || rules.code.names.includes(base);
  if (!isCode || (format !== 'text' && format !== 'json')) return [];
  return [
    { rule: 'custom-code', level: rules.code.level, message: `is code (.${extension || base}): some program runs it` },
  ];
}

function judgeExpected({ extension }: Name, format: string, rules: Rules): LocalFinding[] {
  const expected = rules.expected.find((entry) => entry.extensions.includes(extension));
  const textAsBinary = format === 'text' && rules.binary.includes(extension);
  const fits = expected === undefined || format === 'empty' || expected.formats.includes(format);
  if (fits && !textAsBinary) return [];
  const message = `is called .${extension} and its content is ${describe(format)}`;
  return [{ rule: 'extension-mismatch', level: rules.mismatch.level, message }];
}

function judgeFormat({ extension }: Name, format: string, rules: Rules): LocalFinding[] {
  const { data, executable, opaque, unread } = rules.formats;
  if (data.includes(format)) return [];
  if (executable.formats.includes(format))
    return [{ rule: 'executable', level: executable.level, message: `is a program (${format})` }];
  if (opaque.formats.includes(format) && opaque.extensions.includes(extension)) {
    const message = `is an archive (${format}) that can not be looked into, under a name that loaders open`;
    return [{ rule: 'opaque-archive', level: opaque.level, message }];
  }
  const message =
    format === 'unknown' ? 'its content is not recognised as data' : `its format (${format}) is not read yet`;
  return [{ rule: format === 'unknown' ? 'unrecognised-content' : 'no-extractor', level: unread.level, message }];
}

function describe(format: string): string {
  return format === 'unknown' ? 'not recognised' : format;
}
