// SPDX-License-Identifier: Apache-2.0
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command } from 'commander';
import * as z from 'zod';
import { clientOptions, createApiClient } from './api-client.ts';
import { printed } from './printed.ts';
import { type ScopeOptions, scopeOf, withScope } from './scope.ts';
import { startFolder } from './start-folder.ts';
import { type SubjectArgument, subjectBody } from './subject.ts';

interface AffectedOptions extends ScopeOptions {
  readonly notice?: string;
  readonly json?: boolean;
}

const named = { kind: z.string(), repo: z.string(), commit: z.string() };
const affectedShape = z.looseObject({
  subject: z.string(),
  releases: z.array(
    z.object({ ...named, files: z.number(), revoked: z.string().optional(), ruling: z.number().optional() }),
  ),
  sharing: z.array(z.object({ ...named, files: z.number() })),
  derived: z.array(z.object({ ...named, base: z.string(), relation: z.string() })),
  pulls: z
    .array(
      z.object({
        ...named,
        token: z.string().nullable(),
        owner: z.string().nullable(),
        address: z.string().nullable(),
        last: z.string(),
        files: z.number(),
      }),
    )
    .optional(),
  cut: z.boolean(),
});
type Affected = z.infer<typeof affectedShape>;

const bundleShape = z.looseObject({ dsseEnvelope: z.looseObject({ payload: z.string() }) });
const statementShape = z.looseObject({
  predicate: z.looseObject({
    about: z.string(),
    at: z.string(),
    revocations: z.array(z.looseObject({ reason: z.string() })),
    releases: z.array(z.looseObject({ repo: z.object({ kind: z.string(), id: z.string() }), commit: z.string() })),
    files: z.array(z.looseObject({ sha256: z.string(), served: z.boolean(), revocation: z.number() })),
  }),
});

/** `airlock affected`: who pulled it, what shares its files, what derives from it, and a notice for who has copies. */
export function affectedCommand(env: NodeJS.ProcessEnv): Command {
  return withScope(new Command('affected'))
    .description('who pulled it, which releases share its files, and which derive from it')
    .option('--notice <file>', 'write a signed notice for "airlock sweep" to FILE, and the same as text to FILE.txt')
    .option('--json', 'print it as one JSON object')
    .action(async (subject: SubjectArgument | undefined, options: AffectedOptions, command: Command) => {
      const scope = scopeOf(subject, options, command);
      const { type: _, ...asked } = scope ?? { type: '', ...(subject && subjectBody(subject)) };
      const query = new URLSearchParams(asked).toString();
      const api = createApiClient(await clientOptions(env));
      const answer = await api.get(`affected?${query}`);
      process.stdout.write(options.json ? `${JSON.stringify(answer)}\n` : asText(affectedShape.parse(answer)));
      if (options.notice === undefined) return;
      const bundle = await api.get(`notice?${query}`);
      const file = resolve(startFolder(env), options.notice);
      await writeFile(file, JSON.stringify(bundle));
      await writeFile(`${file}.txt`, noticeText(bundle));
      process.stderr.write(`notice written to ${file} and ${file}.txt: airlock sweep DIR --notice ${file} --key KEY\n`);
    });
}

function asText({ subject, releases, sharing, derived, pulls, cut }: Affected): string {
  const sections = [
    [`${printed(subject)}: ${releases.length} releases`, releases.map((one) => `${nameOf(one)}: ${stateOf(one)}`)],
    ['pulled by', pulls?.map(pullText) ?? ['(the role auditor or admin may see that)']],
    ['share files with it', sharing.map((one) => `${nameOf(one)}: ${one.files} files`)],
    ['derive from it', derived.map((one) => `${nameOf(one)}: ${printed(one.relation)} of ${printed(one.base)}`)],
  ] as const;
  const text = sections.map(([title, lines]) => [title, ...(lines.length ? lines : ['nobody, nothing'])].join('\n  '));
  return `${text.join('\n')}\n${cut ? 'There is more than is listed.\n' : ''}`;
}

function stateOf({ revoked, ruling }: Affected['releases'][number]): string {
  if (revoked === undefined) return 'not revoked';
  return `revoked${ruling === undefined ? '' : ` (ruling ${ruling})`}: ${printed(revoked)}`;
}

function pullText(pull: NonNullable<Affected['pulls']>[number]): string {
  const who = pull.owner === null ? 'a stranger' : `${printed(pull.owner)} (token ${printed(pull.token ?? '')})`;
  const from = printed(pull.address ?? 'unknown');
  return `${who} from ${from}: ${nameOf(pull)}, ${pull.files} files, last ${printed(pull.last.slice(0, 16))}`;
}

function nameOf({ kind, repo, commit }: { kind: string; repo: string; commit: string }): string {
  return printed(`${kind === 'models' ? '' : `${kind}/`}${repo}@${commit}`);
}

/** For people and other tools: a sha256 on each line that may be found anywhere, and why. */
function noticeText(bundle: unknown): string {
  // Who sweeps by the signed one has it checked. This is what the mirror has just answered.
  const { payload } = bundleShape.parse(bundle).dsseEnvelope;
  const { predicate } = statementShape.parse(JSON.parse(Buffer.from(payload, 'base64').toString()));
  const { about, at, files, revocations, releases } = predicate;
  const why = (i: number) => printed(revocations[i]?.reason ?? '');
  const head = [`# revoked: ${printed(about)}, ${at}`, ...revocations.map(({ reason }) => `# ${printed(reason)}`)];
  const commits = releases.map(({ repo, commit }) => `# ${nameOf({ kind: repo.kind, repo: repo.id, commit })}`);
  const digests = files
    .filter(({ served }) => !served)
    .map(({ sha256, revocation }) => `${sha256}  ${why(revocation)}`);
  return `${[...head, ...commits, ...digests].join('\n')}\n`;
}
