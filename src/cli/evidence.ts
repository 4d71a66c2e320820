// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import * as z from 'zod';
import { clientOptions, createApiClient } from './api-client.ts';
import { printed } from './printed.ts';
import { parseSubject, type SubjectArgument, subjectPath } from './subject.ts';

const addedShape = z.looseObject({
  commit: z.string(),
  document: z.string(),
  kind: z.string(),
  signers: z.array(z.string()),
});

/** `airlock evidence add`: what others found out about a model, signed by them. */
export function evidenceCommand(env: NodeJS.ProcessEnv): Command {
  const evidence = new Command('evidence').description('signed evaluations that the policy may require');
  evidence
    .command('add')
    .description('add a signed evaluation (a DSSE envelope with an in-toto statement) to a commit')
    .argument('<file>', 'the document, as JSON')
    .requiredOption('--repo <repo@rev>', 'org/name@commit, org/name@branch or org/name', parseSubject)
    .action(async (file: string, { repo: subject }: { readonly repo: SubjectArgument }) => {
      const api = createApiClient(await clientOptions(env));
      const document = await readFile(file, 'utf8');
      const answer = addedShape.parse(await api.post(`${subjectPath(subject)}/evaluations`, { document }));
      const who = printed(answer.signers.join(', '));
      process.stdout.write(
        `${subject.repo.id}@${answer.commit}: evaluation "${printed(answer.kind)}", signed by ${who}\n`,
      );
    });
  return evidence;
}
