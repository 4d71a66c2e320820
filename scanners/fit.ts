// SPDX-License-Identifier: Apache-2.0
import { BUDGETS } from './budgets.ts';
import { cutTo } from './cut.ts';
import type { Facts, MemberFacts, PickleFacts } from './facts.ts';

/** As facts-schema.ts takes them. */
const DETAIL_CHARACTERS = 4096;
const NAME_CHARACTERS = 65_536;
/** What a node costs beside the facts in it and its name. */
const NODE_BYTES = 400;
/** Each is judged as the others. */
const KEPT_EXTENSIONS = 100;

/**
 * Facts of a size that whoever judges them takes in one go. Of more than fit, the first of every kind come before the
 * second of any, so that a flood of one kind hides no other; the file counts as not read to its end then.
 */
export function fitted(facts: Facts): Facts {
  shorten(facts);
  const bytes = bytesOf(facts);
  if (bytes <= BUDGETS.factsBytes) return facts;
  const limit = { budget: 'factsBytes', limit: BUDGETS.factsBytes, actual: bytes };
  return { ...pruned(facts, keptOf(facts)), limit: facts.limit ?? limit };
}

/** Readers bound all other words where they take them. */
function shorten({ problems, members = [] }: Facts): void {
  for (const problem of problems) problem.detail = cutTo(DETAIL_CHARACTERS, problem.detail);
  for (const member of members) {
    shorten(member);
    const { length } = member.name;
    if (length <= NAME_CHARACTERS) continue;
    member.name = cutTo(NAME_CHARACTERS, member.name);
    member.problems.push({ code: 'archive-long-name', detail: `a name of ${length} characters` });
  }
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** One fact, the nodes that hold it, and how many of its kind were met before. */
interface Entry {
  readonly fact: object;
  readonly holders: readonly Facts[];
  readonly rank: number;
}

/** The facts that fit, and the nodes that hold them. */
function keptOf(facts: Facts): ReadonlySet<object> {
  const kept = new Set<object>();
  let left = BUDGETS.factsBytes - NODE_BYTES;
  for (const { fact, holders } of entriesOf(facts).sort((a, b) => a.rank - b.rank)) {
    const added = [fact, ...holders.filter((holder) => !kept.has(holder))];
    left -= bytesOf(fact) + 1;
    for (const holder of added.slice(1)) left -= NODE_BYTES + bytesOf((holder as MemberFacts).name);
    if (left < 0) break;
    for (const one of added) kept.add(one);
  }
  return kept;
}

/** Two facts are of one kind where rules judge them by the same list. */
function entriesOf(facts: Facts): Entry[] {
  const ranks = new Map<string, number>();
  const entries: Entry[] = [];
  const add = (kind: string, fact: object, holders: readonly Facts[]) => {
    const rank = ranks.get(kind) ?? 0;
    ranks.set(kind, rank + 1);
    entries.push({ fact, holders, rank });
  };
  const visit = (node: Facts, holders: readonly Facts[]) => {
    for (const fact of node.problems) add(`problem ${fact.code}`, fact, holders);
    for (const fact of node.pickle?.calls ?? []) add(`call ${fact.module}`, fact, holders);
    for (const fact of node.pickle?.globals ?? []) add(`global ${fact.module}`, fact, holders);
    for (const fact of node.uses ?? []) add(`use ${fact.scheme}`, fact, holders);
    for (const member of node.members ?? []) {
      add(`member ${member.format} ${extensionOf(member.name)}`, {}, [...holders, member]);
      visit(member, [...holders, member]);
    }
  };
  visit(facts, []);
  return entries;
}

function extensionOf(name: string): string {
  return /\.\w{1,12}$/.exec(name)?.[0] ?? '';
}

function pruned<T extends Facts>(node: T, kept: ReadonlySet<object>): T {
  const only = <F extends object>(list: readonly F[]): F[] => list.filter((fact) => kept.has(fact));
  return {
    ...node,
    problems: only(node.problems),
    ...(node.uses && { uses: only(node.uses) }),
    ...(node.pickle && { pickle: prunedPickle(node.pickle, only) }),
    ...(node.members && { members: only(node.members).map((member) => pruned(member, kept)) }),
  };
}

function prunedPickle(pickle: PickleFacts, only: <F extends object>(list: readonly F[]) => F[]): PickleFacts {
  const extensions = pickle.extensions.slice(0, KEPT_EXTENSIONS);
  return { ...pickle, globals: only(pickle.globals), calls: only(pickle.calls), extensions };
}
