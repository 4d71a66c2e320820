// SPDX-License-Identifier: Apache-2.0
import type { Release, ReleaseFile } from '#src/domain/release.ts';
import { repoName } from '#src/domain/repo.ts';
import { shortSha } from '#src/domain/revision.ts';
import { atLeast, type Client } from './client.ts';
import type { HubError } from './respond.ts';

/** `MAX_HTTP_DOWNLOAD_SIZE` of huggingface_hub 0.31 and later: what says that it is larger is left to Xet. */
const PLAIN_HTTP_BYTES = 50_000_000_000;

function isLarge({ size }: Pick<ReleaseFile, 'size'>): boolean {
  return size > PLAIN_HTTP_BYTES;
}

/** From 1.31 on HEAD need not tell the size, and the limit then does not apply; 1.30 stops without it (hub-api 2.7). */
export function hidesSize(client: Client, file: Pick<ReleaseFile, 'size'>): boolean {
  return isLarge(file) && client.name === 'huggingface_hub' && atLeast(client, 1, 31);
}

/**
 * Why this client can not have one of these files: it would fail behind all the others, with words about Xet. Undefined
 * when it can.
 */
export function tooLarge(
  client: Client,
  release: Release,
  files: Iterable<ReleaseFile>,
  baseUrl: string,
): HubError | undefined {
  if (client.name !== 'huggingface_hub' || !atLeast(client, 0, 31) || atLeast(client, 1, 31)) return undefined;
  for (const file of files) if (isLarge(file)) return refusal(client, release, file, baseUrl);
  return undefined;
}

function refusal({ version }: Client, release: Release, file: ReleaseFile, baseUrl: string): HubError {
  const { repo, commit } = release;
  const name = `${repoName(repo)}@${shortSha(commit)}`;
  const url = `${baseUrl}/${repoName(repo)}/resolve/${commit}/${file.path.split('/').map(encodeURIComponent).join('/')}`;
  const size = `${(file.size / 1e9).toFixed(1)} GB`;
  const message =
    `[airlock] ${name}: ${file.path} has ${size}, and huggingface_hub ${version?.join('.')} downloads at most 50 GB over plain HTTP. ` +
    `Update it: pip install -U "huggingface_hub>=1.31". Or fetch that file with: curl -fL -C - -O ${url} ; and the others by name: hf download ${repo.id} FILE`;
  return {
    status: 403,
    code: 'GatedRepo',
    message,
    warningTopic: `airlock-${repoName(repo).replaceAll('/', '-')}-large`,
  };
}
