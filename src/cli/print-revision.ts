// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { printed } from './printed.ts';

const reasonShape = z.object({
  rule: z.string(),
  effect: z.string(),
  message: z.string(),
  accepted: z.string().optional(),
});
const findingShape = z.object({
  rule: z.string(),
  level: z.string(),
  message: z.string(),
  member: z.string().optional(),
});
const scannedShape = z.object({ path: z.string(), verdict: z.string(), findings: z.array(findingShape) });
const revisionShape = z.object({
  kind: z.string(),
  repo: z.string(),
  commit: z.string().optional(),
  state: z.string(),
  // approved
  approvedAt: z.string().optional(),
  approver: z.object({ type: z.string(), name: z.string().optional(), reason: z.string().optional() }).optional(),
  approvedBy: z.string().optional(),
  statement: z.string().optional(),
  withheld: z.array(z.object({ path: z.string(), rule: z.string(), message: z.string() })).optional(),
  withheldCount: z.number().optional(),
  excluded: z.array(z.object({ path: z.string(), pattern: z.string() })).optional(),
  excludedCount: z.number().optional(),
  // rejected, revoked
  by: z.string().optional(),
  at: z.string().optional(),
  reason: z.string().optional(),
  // held, denied
  decidedAt: z.string().optional(),
  // of a release the number of files served, else those with findings
  files: z.union([z.number(), z.array(scannedShape)]).optional(),
  findingsLeftOff: z.number().optional(),
  rules: z.record(z.string(), z.object({ means: z.string(), references: z.array(z.string()).optional() })).optional(),
  // all of them
  license: z.object({ declared: z.array(z.string()), from: z.string(), name: z.string().optional() }).optional(),
  reasons: z.array(reasonShape).optional(),
  // running, failed
  intake: z.object({ stage: z.string(), filesDone: z.number(), filesTotal: z.number() }).optional(),
  errorCode: z.string().nullish(),
  error: z.string().optional(),
});
type Revision = z.infer<typeof revisionShape>;

/** All that is known of one revision, for people: one fact a line. */
export function revisionText(value: unknown): string {
  const known = revisionShape.parse(value);
  const name = `${known.kind === 'models' ? '' : `${known.kind}/`}${known.repo}`;
  const head = `${name}${known.commit ? `@${known.commit}` : ''}: ${known.state}`;
  const rows = [
    ...who(known),
    ...intake(known),
    ...license(known),
    ...reasons(known),
    ...files(known),
    ...rules(known),
  ];
  const lines = rows.map(([label, text]) => `  ${label.padEnd(9)} ${printed(text)}`);
  return `${[head, ...lines].join('\n')}\n`;
}

type Row = readonly [label: string, text: string];

function who({ approvedAt, approvedBy, approver, statement, by, at, reason, decidedAt, state }: Revision): Row[] {
  const rows: Row[] = [];
  if (approvedAt) rows.push(['approved', `${approvedAt} by ${approver?.name ?? approvedBy ?? 'policy'}`]);
  if (approver?.reason) rows.push(['because', approver.reason]);
  if (statement) rows.push(['statement', `sha256:${statement}`]);
  if (by && at) rows.push([state, `${at} by ${by}`]);
  if (reason) rows.push(['because', reason]);
  if (decidedAt) rows.push(['decided', decidedAt]);
  return rows;
}

function intake({ intake: running, errorCode, error }: Revision): Row[] {
  if (running) return [['running', `${running.stage}, ${running.filesDone} of ${running.filesTotal} files`]];
  return errorCode ? [['error', error ? `${errorCode}: ${error}` : errorCode]] : [];
}

function license({ license: seen }: Revision): Row[] {
  if (!seen) return [];
  const declared = [...seen.declared, ...(seen.name ? [seen.name] : [])].join(', ');
  return [['license', declared === '' ? `none: ${seen.from}` : `${declared} (${seen.from})`]];
}

/** What stands against it first, then what somebody accepted, then notes. */
function reasons({ reasons: all = [] }: Revision): Row[] {
  const rank = (one: z.infer<typeof reasonShape>) => (one.effect === 'note' ? 2 : one.accepted === undefined ? 0 : 1);
  return [...all]
    .sort((a, b) => rank(a) - rank(b))
    .map(({ effect, message, rule, accepted }) => [
      effect,
      `${message} [${rule}]${accepted === undefined ? '' : `, accepted by ${accepted}`}`,
    ]);
}

function files({ files: seen, findingsLeftOff, ...known }: Revision): Row[] {
  const { withheld = [], withheldCount = 0, excluded = [], excludedCount = 0 } = known;
  if (typeof seen === 'number')
    return [
      ['files', `${seen} served, ${withheldCount} withheld, ${excludedCount} excluded`],
      ...withheld.map(({ path, message, rule }): Row => ['withheld', `${path}: ${message} [${rule}]`]),
      ...more('withheld', withheldCount - withheld.length),
      ...excluded.map(({ path, pattern }): Row => ['excluded', `${path}: ${pattern}`]),
      ...more('excluded', excludedCount - excluded.length),
    ];
  const rows = (seen ?? []).flatMap(({ path, verdict, findings }): Row[] => [
    ['file', `${path}: ${verdict}`],
    ...findings.map(({ level, member, message, rule }): Row => {
      return ['', `${level}: ${member === undefined ? '' : `${member}: `}${message} [${rule}]`];
    }),
  ]);
  return [...rows, ...more('findings', findingsLeftOff ?? 0)];
}

/** What the rules mean for someone who loads the files. */
function rules({ rules: known = {} }: Revision): Row[] {
  return Object.entries(known).map(([id, { means, references = [] }]): Row => {
    return ['rule', `${id}: ${means}${references.length > 0 ? ` (${references.join(', ')})` : ''}`];
  });
}

function more(label: string, count: number): Row[] {
  return count > 0 ? [[label, `and ${count} more`]] : [];
}
