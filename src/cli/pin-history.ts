// SPDX-License-Identifier: Apache-2.0
import { Command, InvalidArgumentError } from 'commander';
import * as z from 'zod';
import { clientOptions, createApiClient } from './api-client.ts';
import { printed } from './printed.ts';
import { parseSubject, type SubjectArgument, subjectBody } from './subject.ts';

const pageShape = z.object({
  moves: z.array(
    z.object({
      ref: z.string(),
      from: z.string().nullable(),
      to: z.string(),
      by: z.string(),
      at: z.string(),
      reason: z.string(),
    }),
  ),
  next: z.number().optional(),
});
type Move = z.infer<typeof pageShape>['moves'][number];

const PAGE = 100;

/** `airlock pin history`: where a branch or tag has pointed to, and who moved it. */
export function pinHistoryCommand(env: NodeJS.ProcessEnv): Command {
  return new Command('history')
    .description('every move of the branches and tags of a repo, newest first, from the signed journal')
    .argument('<repo>', 'org/name; datasets/org/name for datasets', parseSubject)
    .option('--ref <name>', 'one branch or tag alone')
    .option('--limit <n>', 'moves at most', parseLimit, 50)
    .option('--json', 'print them as one JSON array')
    .action(async (subject: SubjectArgument, options: { ref?: string; limit: number; json?: boolean }) => {
      const moves = await moved(env, subject, options);
      process.stdout.write(options.json ? `${JSON.stringify(moves)}\n` : asText(moves));
    });
}

function parseLimit(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a number from 1 to 99999.');
}

async function moved(
  env: NodeJS.ProcessEnv,
  subject: SubjectArgument,
  { ref, limit }: { ref?: string; limit: number },
): Promise<Move[]> {
  const api = createApiClient(await clientOptions(env));
  const { kind, repo } = subjectBody(subject);
  const moves: Move[] = [];
  for (let before: number | undefined; ; ) {
    const size = Math.min(PAGE, limit - moves.length);
    const query = new URLSearchParams({ kind, repo, limit: String(size) });
    if (ref !== undefined) query.set('ref', ref);
    if (before !== undefined) query.set('before', String(before));
    const page = pageShape.parse(await api.get(`pins/history?${query}`));
    moves.push(...page.moves);
    if (page.next === undefined || moves.length >= limit) return moves;
    before = page.next;
  }
}

function asText(moves: readonly Move[]): string {
  if (moves.length === 0) return 'no branch or tag of it was ever pinned here\n';
  return moves
    .map(({ ref, from, to, by, at, reason }) => {
      const when = printed(at.slice(0, 16).replace('T', ' '));
      const path = `${from === null ? '-' : printed(from)} -> ${printed(to)}`;
      return `${when} ${printed(ref)}: ${path} by ${printed(by)}: ${printed(reason)}\n`;
    })
    .join('');
}
