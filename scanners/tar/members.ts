// SPDX-License-Identifier: Apache-2.0
import { crc32 } from 'node:zlib';
import { linkProblem, namesOutside } from '../archive/names.ts';
import type { Bytes } from '../io/bytes.ts';
import { pathKey } from '../zip/names.ts';

type Problem = (code: string, detail: string) => void;

/** Content to compare with: read again where that costs nothing, known by its checksum where it is held. */
interface Content {
  readonly size: number;
  readonly crc: number | undefined;
  readonly bytes: Bytes | undefined;
}

/** The names that an archive has used so far: later members replace earlier ones, and are written through links. */
export class TarNames {
  private readonly contents = new Map<string, Content>();
  private readonly links = new Set<string>();

  checkName(name: string, problem: Problem): void {
    if (namesOutside(name)) problem('archive-traversal', `member ${JSON.stringify(name)} leaves the folder`);
    const key = pathKey(name);
    for (let at = key.indexOf('/'); this.links.size > 0 && at >= 0; at = key.indexOf('/', at + 1))
      if (this.links.has(key.slice(0, at))) problem('archive-traversal', `${JSON.stringify(name)} lies behind a link`);
  }

  addLink(name: string, target: string, isHard: boolean, problem: Problem): void {
    // A hard link counts from the archive's root, a symbolic one from its own folder.
    const found = linkProblem(isHard ? '' : name, target, isHard ? 'a hard link' : 'a symbolic link');
    problem(found.code, found.detail.replace(/^""/, JSON.stringify(name.slice(0, 120))));
    this.links.add(pathKey(name));
  }

  /** A file, whose content is compared with an earlier one of its name. */
  async addFile(name: string, bytes: Bytes, isKept: boolean, problem: Problem): Promise<void> {
    const key = pathKey(name);
    const earlier = this.contents.get(key);
    const small = bytes.random && !isKept;
    const content: Content = {
      size: bytes.size,
      crc: small ? crc32(bytes.random.readAt(0, bytes.size)) : undefined,
      bytes: isKept ? bytes : undefined,
    };
    this.contents.set(key, content);
    if (this.links.has(key)) problem('tar-replaced', `${JSON.stringify(name)} was a link before`);
    if (earlier === undefined) return;
    if (await isSame(earlier, content)) problem('tar-duplicate', `${JSON.stringify(name)} is there twice`);
    else problem('tar-replaced', `${JSON.stringify(name)} is there twice, with another content`);
  }
}

async function isSame(a: Content, b: Content): Promise<boolean> {
  if (a.size !== b.size) return false;
  if (a.crc !== undefined || b.crc !== undefined) return a.crc === b.crc;
  if (a.bytes?.random === undefined || b.bytes?.random === undefined) return false;
  const step = 256 * 1024;
  for (let at = 0; at < a.size; at += step)
    if (Buffer.compare(a.bytes.random.readAt(at, step), b.bytes.random.readAt(at, step)) !== 0) return false;
  return true;
}
