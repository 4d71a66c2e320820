// SPDX-License-Identifier: Apache-2.0
import { extract } from '#scanners/extract.ts';
import type { Facts } from '#scanners/facts.ts';
import { parseFacts } from '#scanners/facts-schema.ts';
import { RandomBytes } from '#scanners/io/bytes.ts';
import { createJudge, type Judgement } from '#scanners/judge/findings.ts';
import { loadRules } from '#scanners/rules.ts';

export const rules = loadRules();
const judge = createJudge(rules);

/** The facts of these bytes, as they come out of the child process. */
export async function factsOf(bytes: Uint8Array): Promise<Facts> {
  const parsed = parseFacts(JSON.parse(JSON.stringify(await extract(RandomBytes.ofMemory(bytes)))));
  if ('error' in parsed) throw new Error(parsed.error);
  return parsed.facts;
}

export async function judged(bytes: Uint8Array | string, path = 'model.pkl'): Promise<Judgement> {
  return judge(await factsOf(Buffer.from(bytes)), path);
}

/** `rule` of every finding above info, sorted; each once. */
export async function rulesOf(bytes: Uint8Array | string, path?: string): Promise<string[]> {
  const { findings } = await judged(bytes, path);
  return [...new Set(findings.filter(({ level }) => level !== 'info').map(({ rule }) => rule))].sort();
}
