// SPDX-License-Identifier: Apache-2.0
import type { Facts, LicenseFacts, MemberFacts } from '../facts.ts';
import type { Rules } from '../rules.ts';
import { codeJudge } from './code.ts';
import { judgeProblems } from './content.ts';
import { type Finding, type Verdict, verdictOf } from './finding.ts';
import { Kept } from './kept.ts';
import { nameJudge, nameOf } from './names.ts';
import { pathJudge } from './paths.ts';
import { type LocalFinding, pickleJudge } from './pickle.ts';
import { useJudge } from './uses.ts';
import { weightsOnlyJudge } from './weights-only.ts';

/** The judgement of one blob under one rule set. */
export interface Judgement {
  readonly format: string;
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  readonly attributes?: Attributes;
}

/** What else is known of the content; it decides no verdict. */
export interface Attributes {
  /** torch loads it with `weights_only=True`; of files with pickles only. */
  readonly weightsOnly?: boolean;
  /** Licenses that the file itself holds or names; those of members say nothing of the whole. */
  readonly license?: LicenseFacts;
}

export type Judge = (facts: Facts, path: string) => Judgement;

/** Pure: the same facts, path and rules give the same judgement on every machine. */
export function createJudge(rules: Rules): Judge {
  const judge = nodeJudge(rules);
  const takesWeights = weightsOnlyJudge(rules);
  return (facts, path) => {
    const kept = new Kept();
    for (const finding of judge(facts, path)) kept.add(finding);
    for (const finding of memberFindings(facts, '', rules, judge)) kept.add(finding);
    const found = kept.findings();
    const verdict = verdictOf(found, facts.limit === undefined);
    const findings = facts.limit ? [unread(facts.limit), ...found] : found;
    const attributes = attributesOf(facts, takesWeights(facts));
    return { format: facts.format, verdict, findings, ...(attributes && { attributes }) };
  };
}

function attributesOf({ license }: Facts, weightsOnly: boolean | undefined): Attributes | undefined {
  if (weightsOnly === undefined && license === undefined) return undefined;
  return { ...(weightsOnly === undefined ? {} : { weightsOnly }), ...(license && { license }) };
}

/** The findings of one node of the facts, without those of its members. */
type NodeJudge = (facts: Facts, path: string) => LocalFinding[];

function nodeJudge(rules: Rules): NodeJudge {
  const pickles = pickleJudge(rules);
  const uses = useJudge(rules);
  const names = nameJudge(rules);
  const code = codeJudge(rules);
  const paths = pathJudge(rules);
  return (facts, path) => {
    const name = nameOf(path);
    const storages = facts.format === 'torch-legacy' || /(?:^|\/)(?:data|constants|bytecode)\.pkl$/.test(path);
    return [
      ...(facts.pickle ? pickles(facts.pickle, storages) : []),
      ...judgeProblems(facts, rules),
      ...uses(facts, name),
      ...names(name, facts.format),
      ...code(facts, name),
      ...paths(path),
    ].map((finding) => withReferences(finding, rules));
  };
}

/** What the rule's row says, and what the catalogue says of the rule. */
function withReferences(finding: LocalFinding, rules: Rules): LocalFinding {
  const own = finding.references ?? [];
  const general = Object.hasOwn(rules.rules, finding.rule) ? (rules.rules[finding.rule]?.references ?? []) : [];
  const references = [...new Set([...own, ...general])];
  return references.length === 0 ? finding : { ...finding, references };
}

/**
 * What was not read, and why: first, so that it is never among the findings that are not shown. It is no `block` by
 * itself, and policy has a rule of its own for what nobody could read.
 */
function unread({ budget, limit, actual }: NonNullable<Facts['limit']>): Finding {
  const message = `could not be read to its end: ${budget} is limited to ${limit}, and ${actual} was reached`;
  return { rule: 'budget', level: 'review', message };
}

function* memberFindings(facts: Facts, outer: string, rules: Rules, judge: NodeJudge): Generator<Finding> {
  for (const member of facts.members ?? []) {
    const name = `${outer}${member.name}`;
    if (member.storage) for (const finding of judgeProblems(member, rules)) yield { ...finding, member: name };
    else for (const finding of judge(member, memberPath(facts, member))) yield { ...finding, member: name };
    yield* memberFindings(member, `${name}!/`, rules, judge);
  }
}

/**
 * The content of a compressed stream has no name, and pseudo-members (in brackets) have none of their own either. `tar`
 * writes `./` before every name when it packs the folder it stands in.
 */
function memberPath(outer: Facts, member: MemberFacts): string {
  return STREAMS.has(outer.format) || member.name.startsWith('(') ? '' : member.name.replace(/^\.\//, '');
}

const STREAMS: ReadonlySet<string> = new Set(['bzip2', 'gzip', 'lz4', 'lzma', 'xz', 'zlib', 'zstd']);
