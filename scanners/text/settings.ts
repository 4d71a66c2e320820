// SPDX-License-Identifier: Apache-2.0
import type { PlaceFinder, TextUses } from './uses.ts';

/**
 * Settings by which git, npm or pip fetch or run something when they are used in the folder (gitmodules(5),
 * git-config(1), npmrc(5), pip's configuration). Which files they count in, the rules say.
 */
const SETTING =
  /^[ \t]*(url|update|path|fsmonitor|hookspath|sshcommand|pager|editor|textconv|smudge|clean|process|askpass|gitproxy|helper|insteadof)[ \t]*=[ \t]*(\S[^\r\n]{0,200})/gim;
const SUBMODULE = /^[ \t]*\[submodule "([^"\n]{0,200})"\]/gm;
/** gitattributes(5): content goes through a program of the user's configuration when it is checked out. */
const FILTER = /^[^#\s]\S{0,200}[ \t](?:[^\r\n]{0,200}[ \t])?filter=([^\s=]{1,100})/gm;
/** OmegaConf's resolvers: `${name:argument}`. With a sign behind the colon it is the default of a shell's variable. */
const RESOLVER = /\$\{\s{0,9}([A-Za-z_][\w.]{0,60}):(?![-+=?])([^\r\n}]{0,120})/g;

export function readSettings(text: string, uses: TextUses, places: PlaceFinder): void {
  for (const match of text.matchAll(SETTING))
    uses.add('tool-setting', `${match[1]?.toLowerCase()} = ${match[2]}`, places.lineOf(match.index));
  for (const match of text.matchAll(SUBMODULE))
    uses.add('tool-setting', `submodule = ${match[1]}`, places.lineOf(match.index));
  for (const match of text.matchAll(FILTER)) uses.add('git-filter', match[1] ?? '', places.lineOf(match.index));
  for (const match of text.matchAll(RESOLVER))
    uses.add('config-resolver', `${match[1]}:${match[2]}`, places.lineOf(match.index));
}
