// SPDX-License-Identifier: Apache-2.0
import { sha256Of } from '#src/domain/digest.ts';
import { frontMatter } from '#src/domain/front-matter.ts';
import type { RepoPath } from '#src/domain/path.ts';
import type { Release, ReleaseFile } from '#src/domain/release.ts';

/** Reads a small file of the release as text; undefined when it is not there or too large. */
export type ReadText = (release: Release, path: string) => Promise<string | undefined>;

interface Sibling {
  rfilename: string;
  size?: number;
  blobId?: string;
  lfs?: { sha256: string; size: number; pointerSize: number };
}

/** What `model_info` and its like answer (hub-api 3.2), filled from the release's own files. */
export interface RepoInfo {
  _id: string;
  id: string;
  modelId?: string;
  author?: string;
  sha: string;
  lastModified: string;
  createdAt: string;
  private: boolean;
  gated: boolean;
  disabled: boolean;
  downloads: number;
  likes: number;
  tags: string[];
  pipeline_tag?: string;
  library_name?: string;
  cardData: Record<string, unknown> | null;
  config?: Record<string, unknown>;
  siblings: Sibling[];
  spaces: string[];
  usedStorage: number;
}

export async function buildInfo(release: Release, readText: ReadText): Promise<RepoInfo> {
  const { repo, commit } = release;
  const card = cardOf(await readText(release, 'README.md'));
  const config = release.files.has('config.json' as RepoPath)
    ? configOf(await readText(release, 'config.json'))
    : undefined;
  const files = [...release.files.values()];
  const pipeline = text(card?.pipeline_tag);
  const library = text(card?.library_name) ?? (config ? 'transformers' : undefined);
  return {
    // Twenty-four hex digits, as the Hub's own ids; ours is made from the name, so that it stays the same.
    _id: sha256Of(`${repo.kind}/${repo.id}`).slice(0, 24),
    id: repo.id,
    ...(repo.kind === 'models' ? { modelId: repo.id } : {}),
    ...(repo.id.includes('/') ? { author: repo.id.slice(0, repo.id.indexOf('/')) } : {}),
    sha: commit,
    lastModified: release.lastModified ?? release.approvedAt,
    createdAt: release.createdAt ?? release.approvedAt,
    private: false,
    gated: false,
    disabled: false,
    downloads: 0,
    likes: 0,
    tags: tagsOf(card, files, library),
    ...(pipeline === undefined ? {} : { pipeline_tag: pipeline }),
    ...(library === undefined ? {} : { library_name: library }),
    cardData: card ?? null,
    ...(config === undefined ? {} : { config }),
    siblings: files.map((file) => ({ rfilename: file.path })),
    spaces: [],
    usedStorage: files.reduce((sum, file) => sum + file.size, 0),
  };
}

/** Siblings with sizes and digests, for `?blobs=true`. The key is `sha256` here, and `oid` in the tree. */
export function withBlobs(info: RepoInfo, release: Release): RepoInfo {
  return { ...info, siblings: [...release.files.values()].map(blobSibling) };
}

function blobSibling(file: ReleaseFile): Sibling {
  const sibling = { rfilename: file.path, blobId: file.gitOid, size: file.size };
  return file.lfs
    ? { ...sibling, lfs: { sha256: file.sha256, size: file.size, pointerSize: file.lfs.pointerSize } }
    : sibling;
}

/** The card's front matter, for display: the gate has judged it before. What does not parse is no card. */
function cardOf(readme: string | undefined): Record<string, unknown> | undefined {
  const card = readme === undefined ? undefined : frontMatter(readme);
  if (card === undefined || typeof card === 'string') return undefined;
  try {
    const plain: unknown = card.toJS({ maxAliasCount: 0 });
    // What is nested too deep to be written as JSON would fail the whole answer.
    return JSON.stringify(plain).length > 0 ? record(plain) : undefined;
  } catch {
    return undefined;
  }
}

/** The words of `config.json` that clients choose a class by. */
function configOf(json: string | undefined): Record<string, unknown> | undefined {
  try {
    const config = record(JSON.parse(json ?? ''));
    if (!config) return undefined;
    const method = text(record(config.quantization_config)?.quant_method);
    return {
      ...(text(config.model_type) === undefined ? {} : { model_type: config.model_type }),
      ...(Array.isArray(config.architectures) ? { architectures: list(config.architectures) } : {}),
      ...(method === undefined ? {} : { quantization_config: { quant_method: method } }),
    };
  } catch {
    return undefined;
  }
}

function tagsOf(
  card: Record<string, unknown> | undefined,
  files: readonly ReleaseFile[],
  library: string | undefined,
): string[] {
  const formats = ['safetensors', 'onnx', 'gguf'].filter((format) =>
    files.some((file) => file.path.endsWith(`.${format}`)),
  );
  const licenses = list(card?.license).map((license) => `license:${license}`);
  return [
    ...new Set([...(library ? [library] : []), ...formats, ...list(card?.tags), ...list(card?.language), ...licenses]),
  ];
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function list(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).filter((item): item is string => typeof item === 'string');
}
