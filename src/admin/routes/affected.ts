// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { may } from '#src/access/actor.ts';
import { signNotice } from '#src/attest/notice.ts';
import type { Signer } from '#src/attest/signer.ts';
import type { Clock } from '#src/domain/clock.ts';
import { AirlockError } from '#src/domain/errors.ts';
import { parseRepo, REPO_KINDS, repoName } from '#src/domain/repo.ts';
import { parseCommitSha, parseRevision } from '#src/domain/revision.ts';
import { type AffectedDeps, type AffectedTarget, affected, servedDigests } from '#src/review/affected.ts';
import type { Revoking } from '#src/review/revoking.ts';
import { noticeOf, targetText } from '../notice.ts';
import { type AdminRoute, defineRoute } from '../route.ts';
import { scopeOf } from '../scope.ts';

export interface AffectedRoutesDeps extends AffectedDeps {
  readonly revoking: Pick<Revoking, 'standing'>;
  /** Signs notices, with the evidence key. */
  readonly evidence: Signer;
  readonly clock: Clock;
}

const targetShape = z.strictObject({
  kind: z.enum(REPO_KINDS).default('models'),
  repo: z.string().optional(),
  revision: z
    .string()
    .optional()
    .meta({ description: 'a commit, or a ref that points to one here; left out: the whole repo' }),
  digest: z.string().optional(),
  publisher: z.string().optional(),
  rule: z.string().optional(),
});
type TargetQuery = z.output<typeof targetShape>;

const releaseShape = z.object({ kind: z.enum(REPO_KINDS), repo: z.string(), commit: z.string() });
const nullable = z.string().nullable();
const affectedShape = z.object({
  subject: z.string(),
  releases: z.array(
    releaseShape.extend({ files: z.number(), revoked: z.string().optional(), ruling: z.number().optional() }),
  ),
  sharing: z.array(releaseShape.extend({ files: z.number() })),
  derived: z.array(releaseShape.extend({ base: z.string(), relation: z.string() })),
  pulls: z
    .array(
      releaseShape.extend({
        token: nullable,
        owner: nullable,
        address: nullable,
        first: z.string(),
        last: z.string(),
        files: z.number(),
        paths: z.array(z.string()),
      }),
    )
    .optional()
    .meta({ description: 'who was served any of it; for who may read the audit' }),
  cut: z.boolean().meta({ description: 'there is more than is listed' }),
});

const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/** Who has what was revoked, what else is touched by it, and a notice for who must look for copies. */
export function affectedRoutes(deps: AffectedRoutesDeps): AdminRoute[] {
  return [
    defineRoute({
      method: 'get',
      path: '/affected',
      permission: 'inspect',
      changes: false,
      summary: 'Tell who pulled something, which releases share its files, and which derive from it',
      request: { query: targetShape },
      answer: { says: 'What is known', json: affectedShape },
      handle: async ({ actor, query }) => {
        const target = await targetOf(deps, query);
        if (target.type === 'all')
          throw new AirlockError('bad-request', 'Name a repo, a digest, a publisher or a rule.');
        const { releases, sharing, derived, pulls, cut } = await affected(deps, target, { pulls: may(actor, 'audit') });
        return {
          subject: targetText(target),
          releases: releases.map(({ revoked, files, ...named }) => ({
            ...nameJson(named),
            files: files.length,
            ...(revoked && { revoked: revoked.reason }),
            ...(revoked?.ruling === undefined ? {} : { ruling: revoked.ruling }),
          })),
          sharing: sharing.map(({ files, ...named }) => ({ ...nameJson(named), files })),
          derived: derived.map(({ base, relation, ...named }) => ({
            ...nameJson(named),
            base: repoName(base),
            relation,
          })),
          ...(pulls && {
            pulls: pulls.map(({ actor: token, paths, repo, commit, ...rest }) => ({
              ...nameJson({ repo, commit }),
              token,
              ...rest,
              paths: [...paths],
            })),
          }),
          cut,
        };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/notice',
      permission: 'inspect',
      changes: false,
      summary: 'Download a signed list of what is revoked, for searches in caches; without a subject, of everything',
      request: { query: targetShape },
      answer: { says: 'A bundle with the notice, signed with the evidence key', type: BUNDLE },
      handle: async ({ query }) => {
        const target = await targetOf(deps, query);
        const found = await affected(deps, target, { pulls: false });
        if (found.cut) throw new AirlockError('limit-exceeded', `${targetText(target)} is too much for one notice.`);
        const served = await servedDigests(deps, found.releases);
        const at = deps.clock.now().toISOString();
        const standing = await deps.revoking.standing();
        const notice = noticeOf({ target, affected: found, standing, served, at });
        return { bytes: await signNotice(deps.evidence, notice), headers: { 'cache-control': 'no-store' } };
      },
    }),
  ];
}

/** @throws AirlockError bad-request, and as the parsers do */
async function targetOf({ catalog }: AffectedDeps, query: TargetQuery): Promise<AffectedTarget> {
  const { kind, repo: id, revision, digest, publisher, rule } = query;
  const given = [id, digest, publisher, rule].filter((one) => one !== undefined);
  if (given.length > 1)
    throw new AirlockError('bad-request', 'Name one thing: a repo, a digest, a publisher or a rule.');
  if (digest !== undefined) return scopeOf({ type: 'digest', digest });
  if (publisher !== undefined) return scopeOf({ type: 'publisher', publisher });
  if (rule !== undefined) return scopeOf({ type: 'rule', rule });
  if (id === undefined) return { type: 'all' };
  if (revision === undefined) return scopeOf({ type: 'repo', kind, repo: id });
  const repo = parseRepo(kind, id);
  const asked = parseRevision(revision);
  const commit = asked.type === 'commit' ? asked.commit : (await catalog.state(repo)).pins.get(asked.ref)?.commit;
  if (commit === undefined)
    throw new AirlockError('bad-request', `${repoName(repo)} has no such ref here. Name the commit.`);
  return { type: 'commit', repo, commit: parseCommitSha(commit) };
}

function nameJson({ repo, commit }: { repo: ReturnType<typeof parseRepo>; commit: string }) {
  return { kind: repo.kind, repo: repo.id, commit };
}
