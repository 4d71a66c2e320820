// SPDX-License-Identifier: Apache-2.0
import type { Evidence, ScannedFile } from '#src/domain/evidence.ts';
import { aboutSnapshot } from '#src/policy/evaluation-subjects.ts';
import type { Job, RunDeps } from './job.ts';

/** The evaluations of the commit, where the policy asks for any at all. */
export async function readEvaluations(
  { evaluations, rules }: RunDeps,
  { repo, source }: Job,
  files: readonly ScannedFile[],
): Promise<Pick<Evidence, 'evaluations'>> {
  if (rules.evaluations.length === 0) return {};
  const documents = await evaluations.of(repo, source.commit);
  return documents.length === 0 ? {} : { evaluations: documents.map((document) => aboutSnapshot(document, files)) };
}
