// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { parseSha256 } from '#src/domain/digest.ts';
import { AirlockError, isAirlockError } from '#src/domain/errors.ts';
import { parseRepo, printable, REPO_KINDS, repoIdProblem } from '#src/domain/repo.ts';
import type { RevocationScope } from '#src/domain/ruling.ts';

const RULE = /^[a-z0-9][a-z0-9-]{0,99}$/;

/** What somebody wants to revoke, or asks about. */
export const scopeShape = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('repo'), kind: z.enum(REPO_KINDS).default('models'), repo: z.string() }),
  z.strictObject({ type: z.literal('digest'), digest: z.string() }),
  z.strictObject({ type: z.literal('publisher'), publisher: z.string() }),
  z.strictObject({
    type: z.literal('rule'),
    rule: z.string().regex(RULE, 'that is no id of a rule'),
  }),
]);

/** @throws AirlockError bad-request, bad-repo-id */
export function scopeOf(asked: z.output<typeof scopeShape>): RevocationScope {
  switch (asked.type) {
    case 'repo':
      return { type: 'repo', repo: parseRepo(asked.kind, asked.repo) };
    case 'digest':
      return { type: 'digest', digest: digestOf(asked.digest) };
    case 'publisher': {
      const problem = asked.publisher.includes('/') ? 'it has a slash' : repoIdProblem(asked.publisher);
      if (problem) throw new AirlockError('bad-request', `${printable(asked.publisher)} is no publisher: ${problem}.`);
      return asked;
    }
    case 'rule':
      if (!RULE.test(asked.rule)) throw new AirlockError('bad-request', `${printable(asked.rule)} is no id of a rule.`);
      return asked;
  }
}

function digestOf(text: string): ReturnType<typeof parseSha256> {
  try {
    return parseSha256(text.replace(/^sha256:/, ''));
  } catch (error) {
    // A stranger's digest is a bad request; one in a record of ours would be damage.
    if (isAirlockError(error, 'record-invalid')) throw new AirlockError('bad-request', error.message, {}, error);
    throw error;
  }
}
