// SPDX-License-Identifier: Apache-2.0
import type { IncomingHttpHeaders } from 'node:http';
import { type ListFileEntry, listFiles, type RepoType } from '@huggingface/hub';
import * as z from 'zod';
import { type GitOid, gitOidOf, isGitOid, isSha256, lfsPointer, type Sha256 } from '#src/domain/digest.ts';
import { AirlockError, isAirlockError } from '#src/domain/errors.ts';
import type { Source, SourceFile, UpstreamIssue } from '#src/domain/manifest.ts';
import { parseRepoPath, repoPathProblem } from '#src/domain/path.ts';
import { parseRepo, printable, type Repo, type RepoKind } from '#src/domain/repo.ts';
import {
  type CommitSha,
  isCommitSha,
  parseRef,
  type RefKind,
  type Revision,
  revisionText,
} from '#src/domain/revision.ts';
import { header, withoutQuery } from './answers.ts';
import type { HubAnswer } from './http.ts';
import { createHubApi, type HubApi, type HubApiOptions } from './hub-api.ts';
import type { Ancestry, Download, Upstream, UpstreamRef } from './upstream.ts';

const REPO_TYPE: Record<RepoKind, Exclude<RepoType, 'bucket'>> = {
  models: 'model',
  datasets: 'dataset',
  spaces: 'space',
  kernels: 'kernel',
};

const infoShape = z.object({
  id: z.string(),
  sha: z.string().refine(isCommitSha),
  private: z.boolean().optional(),
  gated: z.union([z.boolean(), z.string()]).optional(),
  disabled: z.boolean().optional(),
  lastModified: z.iso.datetime().optional().catch(undefined),
  createdAt: z.iso.datetime().optional().catch(undefined),
  securityRepoStatus: z
    .object({ filesWithIssues: z.array(z.unknown()) })
    .optional()
    .catch(undefined),
});

const issueShape = z.object({ path: z.string(), level: z.string().regex(/^[\w-]{1,32}$/) });
const MAX_ISSUES = 10_000;

const refShape = z.object({ name: z.string(), ref: z.string(), targetCommit: z.string().refine(isCommitSha) });
const refsShape = z.object({
  branches: z.array(refShape),
  tags: z.array(refShape),
  converts: z.array(refShape).optional(),
  pullRequests: z.array(refShape).optional(),
});

const commitsShape = z.array(z.looseObject({ id: z.string() }));

/** Of a history: the live hub lists fifty commits on a page. */
const MAX_COMMIT_PAGES = 20;

/** A hub that speaks the Hugging Face API. Listings go through `@huggingface/hub`; what needs headers goes our own way. */
export function createHubClient(options: HubApiOptions, hub: HubApi = createHubApi(options)): Upstream {
  const { base } = hub;

  return {
    url: base,

    async resolve(repo: Repo, revision: Revision, signal?: AbortSignal): Promise<Source> {
      const info = await hub.json(
        `/api/${repo.kind}/${repo.id}/revision/${encodeURIComponent(revisionText(revision))}?securityStatus=true`,
        infoShape,
        signal,
      );
      if (info.disabled)
        throw new AirlockError('upstream-gated', `Upstream has disabled ${repo.id}.`, {
          repo: repo.id,
          said: 'Disabled',
        });
      if (revision.type === 'commit' && info.sha !== revision.commit)
        throw new AirlockError(
          'upstream-invalid',
          `Upstream answered with commit ${info.sha} when asked for ${revision.commit}.`,
        );
      return {
        repo: canonicalRepo(repo.kind, info.id),
        commit: info.sha,
        private: info.private ?? false,
        // "auto" and "manual" say how access is granted; both are gates.
        gated: info.gated !== undefined && info.gated !== false,
        ...(info.lastModified === undefined ? {} : { lastModified: info.lastModified }),
        ...(info.createdAt === undefined ? {} : { createdAt: info.createdAt }),
        ...issuesOf(info.securityRepoStatus?.filesWithIssues ?? []),
      };
    },

    async *list(source: Source, signal?: AbortSignal): AsyncIterable<SourceFile> {
      const entries = listFiles({
        repo: { type: REPO_TYPE[source.repo.kind], name: source.repo.id },
        recursive: true,
        revision: source.commit,
        hubUrl: base,
        fetch: hub.pages(signal),
      });
      try {
        for await (const entry of entries) {
          assertEntry(entry);
          if (entry.type === 'file') yield sourceFile(entry);
        }
      } catch (error) {
        throw isAirlockError(error)
          ? error
          : new AirlockError('upstream-invalid', `Upstream's listing can not be read: ${String(error)}`, {}, error);
      }
    },

    async refs(repo: Repo, signal?: AbortSignal): Promise<readonly UpstreamRef[]> {
      const refs = await hub.json(`/api/${repo.kind}/${repo.id}/refs`, refsShape, signal);
      const of = (kind: RefKind, rows: z.infer<typeof refShape>[] = []) =>
        rows.flatMap((row) => upstreamRef(kind, row));
      return [
        ...of('branch', refs.branches),
        ...of('tag', refs.tags),
        ...of('convert', refs.converts),
        ...of('pull', refs.pullRequests),
      ];
    },

    async ancestry(source: Source, commit: CommitSha, signal?: AbortSignal): Promise<Ancestry> {
      const { kind, id } = source.repo;
      const path = `/api/${kind}/${id}/commits/${source.commit}`;
      for await (const { value, last } of hub.eachPage(path, commitsShape, MAX_COMMIT_PAGES, signal)) {
        if (value.some((row) => row.id === commit)) return 'ancestor';
        if (last) return 'apart';
      }
      return 'unknown';
    },

    async open(source: Source, file: SourceFile, offset: number, signal: AbortSignal): Promise<Download> {
      const prefix = source.repo.kind === 'models' ? '' : `/${source.repo.kind}`;
      const path = file.path.split('/').map(encodeURIComponent).join('/');
      const first: IncomingHttpHeaders[] = [];
      const answer = await hub.http({
        url: `${base}${prefix}/${source.repo.id}/resolve/${source.commit}/${path}`,
        headers: offset > 0 ? { range: `bytes=${offset}-` } : {},
        signal,
        onRedirect: (headers) => first.push(headers),
      });
      try {
        checkPromise(source, file, first[0] ?? answer.headers);
        return { start: startOf(answer, offset, file.size), body: answer.body };
      } catch (error) {
        answer.body.on('error', () => {}).destroy();
        throw error;
      }
    },
  };
}

/** What is no path that could be served is nobody's file; a hub that says nothing of this kind has said nothing. */
function issuesOf(rows: readonly unknown[]): { issues?: UpstreamIssue[] } {
  const issues = rows.slice(0, MAX_ISSUES).flatMap((row) => {
    const issue = issueShape.safeParse(row).data;
    const path = issue?.path;
    if (issue === undefined || path === undefined || repoPathProblem(path) !== undefined) return [];
    return issue.level === 'safe' ? [] : [{ path: parseRepoPath(path), level: issue.level }];
  });
  return issues.length === 0 ? {} : { issues };
}

/** `listFiles` goes through whatever JSON can be gone through, a text letter by letter: that is no empty listing. */
function assertEntry(entry: unknown): void {
  if (typeof entry === 'object' && entry !== null && 'type' in entry && typeof entry.type === 'string') return;
  throw new AirlockError('upstream-invalid', "Upstream's listing holds what is no entry of a tree.");
}

/** The repo's own name, which differs from what was asked for where upstream renamed it. */
function canonicalRepo(kind: RepoKind, id: string): Repo {
  try {
    return parseRepo(kind, id);
  } catch (cause) {
    throw new AirlockError('upstream-invalid', `Upstream names a repo ${printable(id)}.`, {}, cause);
  }
}

function sourceFile(entry: ListFileEntry): SourceFile {
  const { oid, size, lfs } = entry;
  let path: SourceFile['path'];
  try {
    path = parseRepoPath(entry.path);
  } catch (cause) {
    throw new AirlockError(
      'upstream-listing-invalid',
      `Upstream lists a path that can not be served: ${printable(entry.path)}.`,
      {},
      cause,
    );
  }
  const unusable = () =>
    new AirlockError(
      'upstream-listing-invalid',
      `Upstream lists ${printable(entry.path)} without a usable digest and size.`,
      { path },
    );
  if (oid === undefined || !isGitOid(oid) || !Number.isSafeInteger(size) || size < 0) throw unusable();
  if (lfs === undefined) return { path, size, gitOid: oid };
  if (!isSha256(lfs.oid) || lfs.size !== size || !Number.isSafeInteger(lfs.pointerSize)) throw unusable();
  if (!pointerAgrees(oid, lfs.oid, size, lfs.pointerSize))
    throw new AirlockError(
      'upstream-listing-invalid',
      `Upstream lists ${printable(entry.path)} with a git blob id that is not that of its LFS pointer.`,
      { path, actual: oid },
    );
  return { path, size, gitOid: oid, lfs: { sha256: lfs.oid, pointerSize: lfs.pointerSize } };
}

/**
 * The blob id of an LFS file is that of its pointer, and no bytes that we pull show whether it is: it would be signed
 * unchecked. A pointer of the plain form has one text, which sha256 and size make. One of another length carries
 * extensions or an older version line, which are not in the listing: its blob id is taken as upstream says it.
 */
function pointerAgrees(oid: GitOid, sha256: Sha256, size: number, pointerSize: number): boolean {
  const pointer = lfsPointer(sha256, size);
  return pointer.length !== pointerSize || gitOidOf(pointer) === oid;
}

/** A ref whose name we would not accept from a client is left out: nobody can ask for it. */
function upstreamRef(kind: RefKind, row: z.infer<typeof refShape>): UpstreamRef[] {
  const text = kind === 'branch' || kind === 'tag' ? row.name : row.ref;
  try {
    return [{ kind, name: parseRef(text), commit: row.targetCommit }];
  } catch {
    return [];
  }
}

/**
 * The first answer repeats commit and digest. Where it does, they must be those of the listing: a hub that moved in
 * between is caught here, before a byte is stored. The digest of the bytes themselves is checked by the intake.
 */
function checkPromise(source: Source, file: SourceFile, headers: IncomingHttpHeaders): void {
  const commit = header(headers, 'x-repo-commit');
  if (commit !== undefined && commit !== source.commit)
    throw new AirlockError(
      'upstream-invalid',
      `Upstream serves commit ${printable(commit)} when asked for ${source.commit}.`,
      { path: file.path },
    );
  const etag = (header(headers, 'x-linked-etag') ?? (file.lfs ? undefined : header(headers, 'etag')))?.replace(
    /^(?:W\/)?"(.*)"$/,
    '$1',
  );
  const expected = file.lfs?.sha256 ?? file.gitOid;
  if (etag !== undefined && etag !== expected && (isSha256(etag) || isGitOid(etag)))
    throw new AirlockError(
      'upstream-invalid',
      `Upstream promises ${etag} for ${file.path}, and its listing ${expected}.`,
      { path: file.path },
    );
}

function startOf(answer: HubAnswer, offset: number, size: number): number {
  if (answer.status === 200) return 0;
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(header(answer.headers, 'content-range') ?? '');
  if (answer.status === 206 && range && Number(range[1]) === offset && (range[2] === '*' || Number(range[2]) === size))
    return offset;
  throw new AirlockError(
    'upstream-invalid',
    `Upstream answered a range with ${answer.status} and no matching Content-Range.`,
    { url: withoutQuery(answer.url) },
  );
}
