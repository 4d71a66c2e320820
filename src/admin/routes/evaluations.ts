// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import type { Catalog } from '#src/catalog/catalog.ts';
import type { Evaluations } from '#src/catalog/evaluations.ts';
import { AirlockError } from '#src/domain/errors.ts';
import { type Repo, repoName } from '#src/domain/repo.ts';
import type { CommitSha, Revision } from '#src/domain/revision.ts';
import type { Index } from '#src/index/index.ts';
import { type AdminRoute, revisionRoute } from '../route.ts';

export interface EvaluationRoutesDeps {
  readonly catalog: Pick<Catalog, 'state'>;
  readonly evaluations: Evaluations;
  readonly index: Pick<Index, 'decisions' | 'refs'>;
}

const addShape = z.strictObject({
  document: z
    .string()
    .max(2 ** 20)
    .meta({ description: 'a DSSE envelope with an in-toto statement, as JSON text' }),
});
const addedShape = z.object({
  commit: z.string(),
  document: z.string().meta({ description: 'its sha256' }),
  kind: z.string(),
  signers: z.array(z.string()),
});
const listShape = z.object({
  commit: z.string(),
  evaluations: z.array(
    z.object({
      document: z.string(),
      signers: z.array(z.string()),
      kind: z.string().optional(),
      evaluatedAt: z.string().optional(),
      metrics: z.record(z.string(), z.number()),
      problem: z.string().optional(),
    }),
  ),
});

/** Signed evaluations of a commit: evidence that the policy may require. */
export function evaluationRoutes({ catalog, evaluations, index }: EvaluationRoutesDeps): AdminRoute[] {
  return [
    revisionRoute('evaluations', {
      method: 'post',
      permission: 'review',
      changes: true,
      summary: 'Add a signed evaluation to a commit, which is judged anew when it is asked for',
      request: { body: addShape },
      answer: { says: 'What it is, and who signed it', json: addedShape },
      handle: async ({ params: { repo, revision }, body }) => {
        const commit = await commitOf(repo, revision);
        const { document, kind, signers } = await evaluations.add(repo, commit, Buffer.from(body.document));
        // After the record is there: a refusal that was given before it is forgotten, and nothing else is.
        await index.decisions.remove(repo, commit);
        return { commit, document, kind, signers: [...signers] };
      },
    }),
    revisionRoute('evaluations', {
      method: 'get',
      permission: 'inspect',
      changes: false,
      summary: 'List the signed evaluations of a commit',
      request: {},
      answer: { says: 'All of them, verified now', json: listShape },
      handle: async ({ params: { repo, revision } }) => {
        const commit = await commitOf(repo, revision);
        const stored = await evaluations.of(repo, commit);
        return {
          commit,
          evaluations: stored.map(({ subjects: _, signers, ...rest }) => ({ ...rest, signers: [...signers] })),
        };
      },
    }),
  ];

  /** As it is approved here, else as upstream named it when it was last asked for. */
  async function commitOf(repo: Repo, revision: Revision): Promise<CommitSha> {
    if (revision.type === 'commit') return revision.commit;
    const seen = await index.refs.get(repo, revision.ref);
    const commit = seen?.commit ?? (await catalog.state(repo)).pins.get(revision.ref)?.commit;
    if (commit) return commit;
    const text = `${repoName(repo)} was never asked for at that revision: name the commit.`;
    throw new AirlockError('upstream-revision-not-found', text, { repo: repoName(repo) });
  }
}
