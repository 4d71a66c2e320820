// SPDX-License-Identifier: Apache-2.0
import { type Evaluation, openEvaluation } from '#src/attest/evaluation.ts';
import { type Sha256, sha256Of } from '#src/domain/digest.ts';
import { AirlockError, isAirlockError } from '#src/domain/errors.ts';
import type { EvaluationEvidence, EvaluationSigner } from '#src/domain/evaluation.ts';
import type { Repo } from '#src/domain/repo.ts';
import type { CommitSha } from '#src/domain/revision.ts';
import type { RecordStore } from '#src/store/record-store.ts';
import { evaluationKey, evaluationsOf } from './keys.ts';

/** Documents of one commit; more than anybody needs, and few enough to be read at every decision. */
const MAX_DOCUMENTS = 64;

/** A document as it is now, with the sha256 of the files that it is about where it can be read. */
export type StoredEvaluation = EvaluationEvidence & { readonly subjects: readonly string[] };

/** Signed evaluations, kept as they came. What they are worth is found out anew each time they are read. */
export interface Evaluations {
  /** Keep a document. The same one again is no error. @throws AirlockError bad-request, store-unavailable, store-full */
  add(repo: Repo, commit: CommitSha, bytes: Uint8Array): Promise<Evaluation & { readonly document: Sha256 }>;
  /** All documents of a commit, by their digests. @throws AirlockError store-unavailable */
  of(repo: Repo, commit: CommitSha): Promise<StoredEvaluation[]>;
}

export function createEvaluations(
  records: Pick<RecordStore, 'get' | 'create' | 'list'>,
  signers: readonly EvaluationSigner[],
): Evaluations {
  async function keysOf(repo: Repo, commit: CommitSha): Promise<string[]> {
    const keys: string[] = [];
    for await (const key of records.list(evaluationsOf(repo, commit))) if (keys.push(key) >= MAX_DOCUMENTS) break;
    return keys;
  }

  return {
    async add(repo, commit, bytes) {
      const evaluation = opened(bytes, signers);
      const document = sha256Of(bytes);
      const key = evaluationKey(repo, commit, document);
      const known = await keysOf(repo, commit);
      if (known.length >= MAX_DOCUMENTS && !known.includes(key))
        throw new AirlockError(
          'bad-request',
          `The commit has ${MAX_DOCUMENTS} evaluations already, and takes no more.`,
        );
      await records.create(key, bytes);
      return { ...evaluation, document };
    },

    async of(repo, commit) {
      const documents: StoredEvaluation[] = [];
      for (const key of await keysOf(repo, commit)) {
        const record = await records.get(key);
        if (record) documents.push(read(record.bytes, signers));
      }
      return documents;
    },
  };
}

function opened(bytes: Uint8Array, signers: readonly EvaluationSigner[]): Evaluation {
  try {
    return openEvaluation(bytes, signers);
  } catch (error) {
    if (!isAirlockError(error, 'signature-invalid', 'record-invalid')) throw error;
    throw new AirlockError('bad-request', error.message, {}, error);
  }
}

/** A signer may have been taken out of the configuration since, or the record changed: then it counts for nothing. */
function read(bytes: Buffer, signers: readonly EvaluationSigner[]): StoredEvaluation {
  const document = sha256Of(bytes);
  try {
    return { document, ...openEvaluation(bytes, signers) };
  } catch (error) {
    if (!isAirlockError(error, 'signature-invalid', 'record-invalid')) throw error;
    return { document, signers: [], metrics: {}, subjects: [], problem: error.message };
  }
}
