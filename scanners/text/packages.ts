// SPDX-License-Identifier: Apache-2.0
import type { PlaceFinder, TextUses } from './uses.ts';

/** Where a list of packages sends its installer, beside the package index. The first group is what is written. */
const SOURCES: readonly RegExp[] = [
  // pip's lines: options with an address, repositories, files.
  /^[ \t-]*((?:-i|--index-url|--extra-index-url|--find-links|-f|--trusted-host)[ =]\S+|(?:-e[ \t]+)?(?:git|hg|svn|bzr)\+\S+|[\w.[\]][\w.[\], -]*@[ \t]*(?:https?|git\+\w+|file):\S+|https?:\/\/\S+\.(?:whl|zip|tar\.gz)\S*|[\w./-]{1,200}\.whl)/gm,
  /^[ \t]*((?:-r|-c|--requirement|--constraint)[ =](?:https?|ftp|file):\S+)/gm,
  // The same in a list of TOML or of Python.
  /["']([\w.-]{1,100}(?:\[[\w,. -]{0,100}\])?[ \t]*@[ \t]*(?:git\+\w+|https?|file):[^"'\s]{0,300})["']/g,
  // Tables of poetry, pipenv and uv.
  /\b((?:git|url)[ \t]*=[ \t]*["'](?:https?|git|ssh|file):[^"'\n]{0,300}["'])/g,
  // Settings of pip, uv and npm.
  /^[ \t]*((?:(?:extra-)?index-url|index_url|find-links|find_links|trusted-host|(?:@[\w-]{1,100}:)?registry)[ \t]*=[ \t]*\S+)/gm,
];
const BUILD = /^[ \t]*(build-backend|backend-path|cmdclass|setup_requires)[ \t]*[=:][ \t]*([^\r\n]{1,150})/gm;
/** poetry: a script of the repo that builds the package. */
const BUILD_SCRIPT =
  /^\[tool\.poetry\.build\][ \t]*\r?\n(?:[^\n[]*\n){0,5}?[ \t]*script[ \t]*=[ \t]*([^\r\n]{1,150})/gm;

/** What installing from the text would fetch, and which code of its own that would run. */
export function readPackages(text: string, uses: TextUses, places: PlaceFinder): void {
  for (const source of SOURCES)
    for (const match of text.matchAll(source))
      uses.add('requirement', (match[1] ?? '').slice(0, 150), places.lineOf(match.index));
  for (const match of text.matchAll(BUILD))
    uses.add('build-hook', `${match[1]} = ${match[2]}`, places.lineOf(match.index));
  for (const match of text.matchAll(BUILD_SCRIPT))
    uses.add('build-hook', `script = ${match[1]}`, places.lineOf(match.index));
}
