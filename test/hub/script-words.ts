// SPDX-License-Identifier: Apache-2.0
import type { HubFile, HubRepo } from '#test/fake-hub/repo.ts';
import type { FakeHub } from '#test/fake-hub/server.ts';

/** The words in braces that a script uses, and what they stand for in one world. */
export type Fill = (text: string, write?: (value: string) => string) => string;

const WORD = /\{([a-z][A-Za-z0-9]*)(?: ([^{}"]+))?\}/g;

/**
 * `{commit}`, `{short}` (seven digits) or `{commit v1.0}`; `{etag config.json}`, `{oid ...}`, `{sha256 ...}` and
 * `{size ...}` of a file, at a revision where one is named: `{size config.json@v1.0}`. Of the repo that
 * `@repo` names. Beside these the words of the world, such as `{publicUrl}`.
 * @throws Error for a word that is not one of these, or a file that is not there
 */
export function fillFor(
  hub: FakeHub,
  repoName: string | undefined,
  words: Readonly<Record<string, string>> = {},
): Fill {
  function meaning(word: string, of: string | undefined): string {
    const own = words[word];
    if (own !== undefined) return own;
    const repo = repoOf(hub, repoName);
    if (word === 'commit') return repo.head(of).id;
    if (word === 'short') return repo.head(of).id.slice(0, 7);
    if (word === 'repo') return repo.id;
    const file = fileOf(repo, of ?? '');
    if (word === 'etag') return file.lfs ? file.content.sha256 : file.oid;
    if (word === 'oid') return file.oid;
    if (word === 'sha256') return file.content.sha256;
    if (word === 'size') return String(file.content.size);
    throw new Error(`{${word}} is no word that a script may use`);
  }
  return (text, write = (value) => value) =>
    text.replace(WORD, (_, word: string, of?: string) => write(meaning(word, of)));
}

export function repoOf(hub: FakeHub, name: string | undefined): HubRepo {
  const [kind, id] = /^(?:(datasets|spaces|kernels)\/)?(.+)$/.exec(name ?? '')?.slice(1) ?? [];
  const repo = id === undefined ? undefined : hub.repos.get(`${kind ?? 'models'}/${id}`);
  if (!repo) throw new Error(`@repo names ${name ?? 'nothing'}, which the hub does not have`);
  return repo;
}

/** `path` or `path@revision`. */
export function fileOf(repo: HubRepo, name: string): HubFile {
  const at = name.lastIndexOf('@');
  return at > 0 ? repo.file(name.slice(0, at), name.slice(at + 1)) : repo.file(name);
}

export function bytesOf(file: HubFile, start = 0, end = file.content.size): Buffer {
  return Buffer.concat([...file.content.read(start, end)]);
}
