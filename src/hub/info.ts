// SPDX-License-Identifier: Apache-2.0
import { sha256Of } from '#src/domain/digest.ts';
import type { Release, ReleaseFile } from '#src/domain/release.ts';
import { cardOf } from './info/card.ts';
import { readConfig } from './info/config.ts';
import type { Contents } from './info/contents.ts';
import { describeGguf } from './info/gguf.ts';
import { given, text, word, words } from './info/plain.ts';
import { countParameters } from './info/safetensors.ts';
import { tagsOf } from './info/tags.ts';
import { taskOf } from './info/task.ts';
import { repoSecurity } from './security.ts';

interface Sibling {
  rfilename: string;
  size?: number;
  blobId?: string;
  lfs?: { sha256: string; size: number; pointerSize: number };
}

/** What the Hub says of a repo at a commit (hub-api 3.2), but for its list of files; filled from the files themselves. */
export type RepoInfo = Readonly<Record<string, unknown>> & {
  readonly _id: string;
  readonly id: string;
  readonly tags: readonly string[];
};

/** Which of it is asked for. `expand`: these keys alone, beside the two ids. */
export interface InfoShape {
  readonly blobs?: boolean;
  readonly security?: boolean;
  readonly expand?: readonly string[];
}

export async function buildInfo(release: Release, contents: Contents): Promise<RepoInfo> {
  const { repo, files } = release;
  const common = {
    // Twenty-four hex digits, as the Hub's own ids; ours is made from the name, so that it stays the same.
    _id: sha256Of(`${repo.kind}/${repo.id}`).slice(0, 24),
    id: repo.id,
    author: repo.id.includes('/') ? repo.id.slice(0, repo.id.indexOf('/')) : undefined,
    sha: release.commit,
    lastModified: time(release.lastModified ?? release.approvedAt),
    createdAt: time(release.createdAt ?? release.approvedAt),
    private: false,
    // As the Hub says it: a mirror behind this one then does not open it either.
    gated: release.restricted ? 'manual' : false,
    disabled: false,
    downloads: 0,
    likes: 0,
    usedStorage: [...files.values()].reduce((sum, { size }) => sum + size, 0),
  };
  return given({ ...common, ...(await ofKind(release, contents)) });
}

async function ofKind(release: Release, contents: Contents): Promise<{ tags: string[] } & Record<string, unknown>> {
  const readme = await contents.text('README.md');
  const card = cardOf(readme);
  const cardData = card ?? null;
  if (release.repo.kind !== 'models') {
    const tags = tagsOf({ release, card, config: undefined, task: {}, readme });
    if (release.repo.kind !== 'spaces') return { tags, cardData };
    return { tags, cardData, sdk: word(card?.sdk), models: words(card?.models), datasets: words(card?.datasets) };
  }
  const config = await readConfig(contents);
  const task = taskOf(release, card, config);
  return {
    modelId: release.repo.id,
    tags: tagsOf({ release, card, config, task, readme }),
    pipeline_tag: task.pipeline,
    library_name: task.library,
    transformersInfo: task.transformers,
    mask_token: maskToken(config?.tokenizer_config?.mask_token),
    cardData,
    'model-index': card?.['model-index'] ?? null,
    widgetData: Array.isArray(card?.widget) ? card.widget : undefined,
    config,
    safetensors: await countParameters(release, contents),
    gguf: await describeGguf(release, contents),
    spaces: [],
  };
}

/** With milliseconds: huggingface_hub before 0.30 reads no other form. */
function time(iso: string): string {
  return new Date(iso).toISOString();
}

function maskToken(token: unknown): string | undefined {
  return (
    text(token) ?? (typeof token === 'object' && token !== null && 'content' in token ? text(token.content) : undefined)
  );
}

/** The answer in the shape that was asked for. What is unknown in `expand` is left out: clients name new keys first. */
export function shapeInfo(info: RepoInfo, release: Release, { blobs, security, expand }: InfoShape): object {
  const files = [...release.files.values()];
  const parts = {
    siblings: () => files.map(blobs ? blobSibling : sibling),
    securityRepoStatus: () => repoSecurity(files),
  };
  if (!expand)
    return { ...info, siblings: parts.siblings(), ...(security && { securityRepoStatus: parts.securityRepoStatus() }) };
  const named = expand.flatMap((key): [string, unknown][] => {
    if (key === 'siblings' || key === 'securityRepoStatus') return [[key, parts[key]()]];
    return Object.hasOwn(info, key) ? [[key, info[key]]] : [];
  });
  return { _id: info._id, id: info.id, ...Object.fromEntries(named) };
}

function sibling({ path }: ReleaseFile): Sibling {
  return { rfilename: path };
}

/** With size and digests. The key is `sha256` here, and `oid` in the tree. */
function blobSibling(file: ReleaseFile): Sibling {
  const sibling = { rfilename: file.path, blobId: file.gitOid, size: file.size };
  return file.lfs
    ? { ...sibling, lfs: { sha256: file.sha256, size: file.size, pointerSize: file.lfs.pointerSize } }
    : sibling;
}
