// SPDX-License-Identifier: Apache-2.0
import { bytesContent, type Content } from './content.ts';
import { commitId, treeIds } from './git.ts';

const KINDS = ['models', 'datasets', 'spaces', 'kernels'] as const;
export type Kind = (typeof KINDS)[number];

export function isKind(text: string): text is Kind {
  return (KINDS as readonly string[]).includes(text);
}

/** A file as git sees it. `oid` is the blob id that the Hub lists: of the content, or of the LFS pointer. */
export interface HubFile {
  readonly path: string;
  readonly content: Content;
  readonly oid: string;
  readonly lfs?: { readonly pointer: Buffer };
}

export interface HubCommit {
  readonly id: string;
  readonly parent?: string;
  readonly title: string;
  readonly date: string;
  readonly files: ReadonlyMap<string, HubFile>;
  /** Every directory's git tree id, the root under `''`. */
  readonly folders: ReadonlyMap<string, string>;
}

/** Path to content; a string is UTF-8 text. */
export type Files = Readonly<Record<string, string | Uint8Array | Content>>;

/** The live hub's default `.gitattributes` sends these to LFS. */
const LFS = /\.(safetensors|bin|bin\.\d+|ckpt|gguf|h5|msgpack|npz|npy|onnx|parquet|pickle|pkl|pt|pth|zip|tar|gz)$/;

/** One repo: commits, refs and who may read it. Fields are open: a test changes what it needs. */
export class HubRepo {
  readonly kind: Kind;
  readonly id: string;
  readonly commits = new Map<string, HubCommit>();
  readonly branches = new Map<string, string>();
  readonly tags = new Map<string, string>();
  /** `refs/convert/...` and `refs/pr/...`, by full name. */
  readonly otherRefs = new Map<string, string>();
  private = false;
  gated: false | 'auto' | 'manual' = false;
  /** What the hub's own scanners say, by path: `unsafe`, `suspicious`. */
  readonly issues = new Map<string, string>();
  /** Tokens that may read this repo although it is private or gated. */
  readonly grants = new Set<string>();

  constructor(kind: Kind, id: string) {
    this.kind = kind;
    this.id = id;
  }

  /** Commit `files` as the whole new content of a ref, a branch where it is not a full `refs/...` name. */
  commit(files: Files, ref = 'main', title = 'Update'): string {
    const table = this.#refTable(ref);
    const parent = table.get(ref);
    const sorted = Object.entries(files)
      .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      .map(([path, data]) => hubFile(path, data));
    const folders = treeIds(sorted);
    const time = 1_700_000_000 + this.commits.size;
    const id = commitId({ tree: folders.get('') ?? '', parent, title, time });
    const date = new Date(time * 1000).toISOString();
    this.commits.set(id, {
      id,
      ...(parent === undefined ? {} : { parent }),
      title,
      date,
      folders,
      files: new Map(sorted.map((file) => [file.path, file])),
    });
    table.set(ref, id);
    return id;
  }

  /** Commit changes on top of a branch; `undefined` removes a file. The branch moves to the new commit. */
  move(branch: string, changes: Readonly<Record<string, string | Uint8Array | Content | undefined>>): string {
    const files: Record<string, string | Uint8Array | Content> = {};
    for (const file of this.at(branch)?.files.values() ?? []) files[file.path] = file.content;
    for (const [path, data] of Object.entries(changes)) {
      if (data === undefined) delete files[path];
      else files[path] = data;
    }
    return this.commit(files, branch, 'Move');
  }

  /** Put a history of its own in a branch's place. The commits that it had stay, until {@link deleteCommit}. */
  forcePush(files: Files, branch = 'main'): string {
    this.branches.delete(branch);
    return this.commit(files, branch, 'Rewritten');
  }

  /** As the live hub does some time after nothing leads to a commit any more. */
  deleteCommit(id: string): void {
    this.commits.delete(id);
  }

  /** A commit and all before it, as far as they are there. */
  history(id: string): HubCommit[] {
    const found: HubCommit[] = [];
    for (let at = this.commits.get(id); at; at = at.parent === undefined ? undefined : this.commits.get(at.parent))
      found.push(at);
    return found;
  }

  /** The commit of a branch, a tag, a full ref, a sha, or a unique prefix of a sha of at least seven digits. */
  at(revision: string): HubCommit | undefined {
    const name = revision === 'HEAD' ? 'main' : revision;
    const sha =
      this.branches.get(name.replace(/^refs\/heads\//, '')) ??
      this.tags.get(name.replace(/^refs\/tags\//, '')) ??
      this.otherRefs.get(name);
    if (sha) return this.commits.get(sha);
    if (!/^[0-9a-f]{7,40}$/.test(name)) return undefined;
    const found = [...this.commits.keys()].filter((id) => id.startsWith(name));
    return found.length === 1 && found[0] ? this.commits.get(found[0]) : undefined;
  }

  head(branch = 'main'): HubCommit {
    const commit = this.at(branch);
    if (!commit) throw new Error(`${this.id} has no branch ${branch}`);
    return commit;
  }

  file(path: string, revision = 'main'): HubFile {
    const file = this.at(revision)?.files.get(path);
    if (!file) throw new Error(`${this.id}@${revision} has no file ${path}`);
    return file;
  }

  #refTable(ref: string): Map<string, string> {
    return ref.startsWith('refs/') ? this.otherRefs : this.branches;
  }
}

function hubFile(path: string, data: string | Uint8Array | Content): HubFile {
  const content = typeof data === 'string' || data instanceof Uint8Array ? bytesContent(data) : data;
  if (!LFS.test(path)) return { path, content, oid: content.gitOid };
  const pointer = Buffer.from(
    `version https://git-lfs.github.com/spec/v1\noid sha256:${content.sha256}\nsize ${content.size}\n`,
  );
  return { path, content, oid: bytesContent(pointer).gitOid, lfs: { pointer } };
}
