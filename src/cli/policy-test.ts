// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import type { PolicyParts } from '#src/config/policy-files.ts';
import { reasonKey } from '#src/domain/decision.ts';
import { AirlockError, messageOf } from '#src/domain/errors.ts';
import { type EvidenceFile, evidenceFileSchema } from '#src/policy/evidence-file.ts';
import { type Explanation, explain } from '#src/policy/explain.ts';
import { judgeDocument } from '#src/policy/judge-document.ts';
import { matchSource } from '#src/policy/sources.ts';
import { EXIT } from './exit.ts';

/** Above a document of 50,000 files. */
const MAX_BYTES = 256 * 2 ** 20;

interface Judged {
  readonly explanation: Explanation;
  /** Where it is not as the file expects. */
  readonly problems: readonly string[];
}

/**
 * One evidence file under a policy. Where it says what it expects, that decides the status: 0 as expected, 2 not.
 * @throws AirlockError config-invalid: it is no evidence document
 */
export async function judgeFile(
  file: string,
  { policy, sources, limits }: PolicyParts,
  statusOf: Readonly<Record<Explanation['outcome'], number>>,
): Promise<{ answer: Judged; status: number }> {
  const { expect, accepts, $schema: _, ...evidence } = await readEvidenceFile(file);
  const approval = accepts && { by: 'the test', at: evidence.now, reason: 'accepts', accepts };
  const rule = matchSource(sources, evidence.manifest.source.repo);
  const context = { rule, limits, rulesVersion: evidence.rulesVersion, ...(approval ? { approval } : {}) };
  const decision = judgeDocument(evidence, policy, context);
  const explanation = explain(evidence, decision, policy, context);
  const open = decision?.reasons.filter(({ effect, accepted }) => effect !== 'note' && accepted === undefined) ?? [];
  const problems = expect ? differences(expect, explanation.outcome, [...new Set(open.map(reasonKey))]) : [];
  const status = expect ? (problems.length > 0 ? EXIT.refused : 0) : statusOf[explanation.outcome];
  return { answer: { explanation, problems }, status };
}

function differences(
  expect: NonNullable<EvidenceFile['expect']>,
  outcome: Explanation['outcome'],
  keys: readonly string[],
): string[] {
  const problems = outcome === expect.outcome ? [] : [`it is ${outcome}, and ${expect.outcome} was expected`];
  if (!expect.reasons) return problems;
  const wanted = new Set(expect.reasons);
  return [
    ...problems,
    ...keys.filter((key) => !wanted.has(key)).map((key) => `${key} was not expected`),
    ...[...wanted].filter((key) => !keys.includes(key)).map((key) => `${key} was expected, and said nothing`),
  ];
}

async function readEvidenceFile(file: string): Promise<EvidenceFile> {
  const invalid = (why: string, cause?: unknown) =>
    new AirlockError('config-invalid', `${file} is no evidence document: ${why}`, {}, cause);
  let value: unknown;
  try {
    const bytes = await readFile(file);
    if (bytes.length > MAX_BYTES) throw invalid(`it has more than ${MAX_BYTES} bytes`);
    value = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw error instanceof AirlockError ? error : invalid(messageOf(error), error);
  }
  const parsed = evidenceFileSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, 20);
  throw invalid(
    `\n${issues.map(({ path, message }) => `  ${path.map(String).join('.') || 'it'}: ${message}`).join('\n')}`,
  );
}
