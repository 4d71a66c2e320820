// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { parseGitOid, parseSha256 } from '#src/domain/digest.ts';
import { messageOf } from '#src/domain/errors.ts';
import { parseRepoPath } from '#src/domain/path.ts';
import { parseRepo, printable, REPO_KINDS } from '#src/domain/repo.ts';
import { isCommitSha, parseCommitSha, parseRef } from '#src/domain/revision.ts';

/** Fields of signed records. What is signed passes the same parsers as what a client sends. */
export const sha256Field = parsedBy(parseSha256);
export const gitOidField = parsedBy(parseGitOid);
export const pathField = parsedBy(parseRepoPath);
export const commitField = parsedBy(parseCommitSha);
export const refField = parsedBy(parseRef).refine((ref) => !isCommitSha(ref), 'a ref that looks like a commit');
export const sizeField = z.int().nonnegative();
export const timeField = z.iso.datetime();
export const textField = z.string().regex(/\S/, 'a text is expected');

export const repoField = z
  .strictObject({ kind: z.enum(REPO_KINDS), id: z.string() })
  .transform(({ kind, id }, ctx) => guarded(ctx, () => parseRepo(kind, id)));

/** A text that a domain parser takes as it is: one that the parser would rewrite has two spellings and is refused. */
function parsedBy<T extends string>(parse: (text: string) => T) {
  return z.string().transform((text, ctx) => {
    const value = guarded(ctx, () => parse(text));
    if (value !== z.NEVER && value !== text) ctx.addIssue(`${printable(text)} is spelled ${printable(value)}`);
    return value;
  });
}

function guarded<T>(ctx: z.RefinementCtx, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    ctx.addIssue(messageOf(error).replace(/\.$/, ''));
    return z.NEVER;
  }
}

const MOST_ISSUES = 20;

/** What was wrong and where, on one line of printable text: an issue may quote what is not signed by anybody. */
export function issuesText(error: z.ZodError): string {
  const lines = error.issues.map((issue) => {
    const text = `${issue.path.map(String).join('.') || 'it'}: ${issue.message}`;
    return text.slice(0, 300).replace(/[^\x20-\x7e]/g, '?');
  });
  const more = lines.length > MOST_ISSUES ? [`and ${lines.length - MOST_ISSUES} more`] : [];
  return [...lines.slice(0, MOST_ISSUES), ...more].join('; ');
}
